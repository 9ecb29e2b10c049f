{{- define "stagedoor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "stagedoor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "stagedoor.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "stagedoor.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of one component. Call with (list $ "server"). */}}
{{- define "stagedoor.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "stagedoor.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "stagedoor.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "stagedoor.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: stagedoor
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "stagedoor.image" -}}
{{- $image := .Values.image -}}
{{- $name := printf "%s/%s" $image.registry $image.repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "stagedoor.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "stagedoor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "stagedoor.issuerHost" -}}
{{- (urlParse .Values.issuer).hostname -}}
{{- end -}}

{{- define "stagedoor.migrationStrategy" -}}
{{- default (ternary "init" "job" .Values.cluster.enabled) .Values.migrations.strategy -}}
{{- end -}}

{{/* The Secret that the server reads, and the one for the migration's Job, which runs before the release's own is there. */}}
{{- define "stagedoor.secretName" -}}
{{- default (include "stagedoor.fullname" .) .Values.secrets.existingSecret -}}
{{- end -}}
{{- define "stagedoor.migrationSecretName" -}}
{{- default (printf "%s-migrate" (include "stagedoor.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{/* Which key of the Secret holds a secret; empty where it is not used. A value without a key has a key of its own name. */}}
{{- define "stagedoor.secretKey" -}}
{{- $root := index . 0 -}}
{{- $field := index . 1 -}}
{{- $key := index $root.Values.secrets.keys $field -}}
{{- if $key -}}
{{- $key -}}
{{- else if index $root.Values.secrets.values $field -}}
{{- kebabcase $field -}}
{{- end -}}
{{- end -}}

{{/* The key of the URL with which migrations run. */}}
{{- define "stagedoor.migrationKey" -}}
{{- default (include "stagedoor.secretKey" (list . "databaseUrl")) (include "stagedoor.secretKey" (list . "migrationDatabaseUrl")) -}}
{{- end -}}

{{- define "stagedoor.clusterName" -}}
{{- printf "%s-db" (include "stagedoor.fullname" .) -}}
{{- end -}}

{{/* Call with (list $ fields). */}}
{{- define "stagedoor.externalSecretSpec" -}}
{{- $root := index . 0 -}}
{{- $external := $root.Values.secrets.externalSecret -}}
refreshInterval: {{ $external.refreshInterval }}
secretStoreRef:
  name: {{ $external.storeName }}
  kind: {{ $external.storeKind }}
data:
  {{- range $field := index . 1 }}
  {{- $key := include "stagedoor.secretKey" (list $root $field) }}
  {{- if and $key (not (and $root.Values.cluster.enabled (eq $field "databaseUrl"))) }}
  - secretKey: {{ $key }}
    remoteRef:
      {{- toYaml (index $external.remoteRefs $field) | nindent 6 }}
  {{- end }}
  {{- end }}
{{- end -}}
