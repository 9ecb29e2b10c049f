{{/* What the schema cannot say. All of it fails with a sentence that says what to set. */}}
{{- define "stagedoor.validate" -}}
{{- $values := .Values -}}
{{- $secrets := $values.secrets -}}
{{- $_ := required "issuer is required: the URL that clients know Stagedoor by, such as https://login.example.com" $values.issuer -}}
{{- $given := false -}}
{{- range $secrets.values }}{{ if . }}{{ $given = true }}{{ end }}{{ end -}}
{{- $sources := list -}}
{{- if $secrets.existingSecret }}{{ $sources = append $sources "secrets.existingSecret" }}{{ end -}}
{{- if $secrets.externalSecret.enabled }}{{ $sources = append $sources "secrets.externalSecret" }}{{ end -}}
{{- if $given }}{{ $sources = append $sources "secrets.values" }}{{ end -}}
{{- if ne (len $sources) 1 -}}
{{- fail (printf "name one source of secrets: secrets.existingSecret, secrets.externalSecret.enabled or secrets.values (there is %s)" (default "none" (join " and " $sources))) -}}
{{- end -}}
{{- if $given -}}
{{- $_ := required "secrets.values.secret is required: at least 32 random characters" $secrets.values.secret -}}
{{- if not $values.cluster.enabled -}}
{{- $_ := required "secrets.values.databaseUrl is required: postgres://user:password@host/database (or set cluster.enabled)" $secrets.values.databaseUrl -}}
{{- end -}}
{{- end -}}
{{- if $secrets.externalSecret.enabled -}}
{{- $_ := required "secrets.externalSecret.storeName is required: the name of the SecretStore or ClusterSecretStore" $secrets.externalSecret.storeName -}}
{{- range $field, $key := $secrets.keys -}}
{{- if and $key (not (and $values.cluster.enabled (eq $field "databaseUrl"))) (not (index $secrets.externalSecret.remoteRefs $field)) -}}
{{- fail (printf "secrets.externalSecret.remoteRefs.%s is required: which entry of the store fills the key %s" $field $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $values.cluster.enabled (eq (include "stagedoor.migrationStrategy" .) "job") -}}
{{- fail "migrations.strategy cannot be job where cluster.enabled: the hook would run before there is a database" -}}
{{- end -}}
{{- if and $values.cluster.enabled (include "stagedoor.secretKey" (list . "migrationDatabaseUrl")) -}}
{{- fail "secrets.keys.migrationDatabaseUrl is of no use where cluster.enabled: the cluster's owner migrates" -}}
{{- end -}}
{{- if and $values.migrations.grantTo (not (include "stagedoor.secretKey" (list . "migrationDatabaseUrl"))) -}}
{{- fail "migrations.grantTo needs secrets.keys.migrationDatabaseUrl: the URL with the role that owns the schema" -}}
{{- end -}}
{{- if and (eq (toString $values.workers) "auto") (not ($values.resources.limits).cpu) -}}
{{- fail "workers cannot be auto without resources.limits.cpu: there would be one for each core of the node" -}}
{{- end -}}
{{- if and $values.httpRoute.enabled (not $values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs is required: the Gateways that the route belongs to" -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (lt (int $values.autoscaling.maxReplicas) (int $values.autoscaling.minReplicas)) -}}
{{- fail "autoscaling.maxReplicas must not be below autoscaling.minReplicas" -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (not $values.autoscaling.targetCPUUtilizationPercentage) (not $values.autoscaling.mailboxWait.enabled) -}}
{{- fail "autoscaling needs autoscaling.targetCPUUtilizationPercentage or autoscaling.mailboxWait.enabled" -}}
{{- end -}}
{{- end -}}
