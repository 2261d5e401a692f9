{{- define "fairway.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* Who a Pod of ours is, from the downward API. */ -}}
{{- define "fairway.env" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
{{- end }}

{{- define "fairway.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "fairway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- /* Spread over nodes; takes the component's name. */ -}}
{{- define "fairway.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: { app.kubernetes.io/name: fairway, app.kubernetes.io/component: {{ . }} }
{{- end }}

{{- /* The rules of config/rbac/watched.yaml, for a ClusterRole or for Roles. */ -}}
{{- define "fairway.watchedRules" -}}
- apiGroups: [fairway.dev]
  resources:
    - ingressroutes
    - ingressroutetcps
    - ingressrouteudps
    - middlewares
    - middlewaretcps
    - tlsoptions
    - tlsstores
    - serverstransports
    - serverstransporttcps
    - fairwayservices
  verbs: [list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
# `get` for the addresses of load balancers.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# Watched as metadata; those that somebody refers to are fetched.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [referencegrants]
  verbs: [list, watch]
- apiGroups: [fairway.dev]
  resources:
    - ingressroutes/status
    - ingressroutetcps/status
    - ingressrouteudps/status
    - middlewares/status
    - middlewaretcps/status
    - tlsoptions/status
    - tlsstores/status
    - serverstransports/status
    - serverstransporttcps/status
    - fairwayservices/status
  verbs: [patch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}
