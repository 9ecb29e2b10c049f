{{/* Where the server reads its secrets; call with (list $ "server") or (list $ "migrate"). Files, because an environment is easily shown. */}}
{{- define "stagedoor.secretEnv" -}}
{{- $root := index . 0 -}}
{{- $isServer := eq (index . 1) "server" -}}
- name: OAUTH2_SECRET_FILE
  value: /run/secrets/stagedoor/secret
{{- if $root.Values.cluster.enabled }}
- name: DATABASE_USER
  valueFrom:
    secretKeyRef: { name: {{ include "stagedoor.clusterName" $root }}-app, key: username }
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ include "stagedoor.clusterName" $root }}-app, key: password }
- name: OAUTH2_DATABASE_URL
  value: postgresql://$(DATABASE_USER):$(DATABASE_PASSWORD)@{{ include "stagedoor.clusterName" $root }}-rw:5432/stagedoor?sslmode=verify-full&sslrootcert=/run/secrets/stagedoor-database/ca.crt
{{- else }}
- name: OAUTH2_DATABASE_URL_FILE
  value: /run/secrets/stagedoor/database-url
{{- end }}
{{- if and $isServer (include "stagedoor.secretKey" (list $root "adminPassword")) }}
- name: OAUTH2_ADMIN_PASSWORD_FILE
  value: /run/secrets/stagedoor/admin-password
{{- end }}
{{- if and $isServer (include "stagedoor.secretKey" (list $root "registrationToken")) }}
- name: OAUTH2_REGISTRATION_TOKEN_FILE
  value: /run/secrets/stagedoor/registration-token
{{- end }}
{{- end -}}

{{/* The volume of those files: only the keys that are used. Call with (list $ "server" secretName). */}}
{{- define "stagedoor.secretVolume" -}}
{{- $root := index . 0 -}}
{{- $isServer := eq (index . 1) "server" -}}
secret:
  secretName: {{ index . 2 }}
  defaultMode: 0440
  items:
    - { key: {{ include "stagedoor.secretKey" (list $root "secret") }}, path: secret }
    {{- if not $root.Values.cluster.enabled }}
    - { key: {{ if $isServer }}{{ include "stagedoor.secretKey" (list $root "databaseUrl") }}{{ else }}{{ include "stagedoor.migrationKey" $root }}{{ end }}, path: database-url }
    {{- end }}
    {{- if $isServer }}
    {{- with include "stagedoor.secretKey" (list $root "adminPassword") }}
    - { key: {{ . }}, path: admin-password }
    {{- end }}
    {{- with include "stagedoor.secretKey" (list $root "registrationToken") }}
    - { key: {{ . }}, path: registration-token }
    {{- end }}
    {{- end }}
{{- end -}}

{{/* The container that migrates; call with (list $ volumeName). Its settings are its own, for in a hook no ConfigMap is there yet. */}}
{{- define "stagedoor.migrateContainer" -}}
{{- $root := index . 0 -}}
name: migrate
image: {{ include "stagedoor.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args:
  - migrate
  {{- with $root.Values.migrations.grantTo }}
  - --grant-to
  - {{ . | quote }}
  {{- end }}
env:
  - name: OAUTH2_ISSUER
    value: {{ $root.Values.issuer | quote }}
  {{- range $name, $value := $root.Values.config }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- include "stagedoor.secretEnv" (list $root "migrate") | nindent 2 }}
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  {{- toYaml $root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml $root.Values.migrations.resources | nindent 2 }}
volumeMounts:
  - { name: {{ index . 1 }}, mountPath: /run/secrets/stagedoor, readOnly: true }
  - { name: tmp, mountPath: /tmp }
  {{- if $root.Values.cluster.enabled }}
  - { name: database-ca, mountPath: /run/secrets/stagedoor-database, readOnly: true }
  {{- end }}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What all pods have: no token of Kubernetes, no variables of its Services, the restricted profile. */}}
{{- define "stagedoor.podBase" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
