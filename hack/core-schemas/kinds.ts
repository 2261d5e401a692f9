import type { JsonSchema } from "./openapi.ts";

/** A built-in kind whose schema we keep. */
export interface CoreKind {
  /** Path below /openapi/v3, as in `apis/networking.k8s.io/v1`. */
  readonly groupVersion: string;
  /** Name among the published schemas. */
  readonly schema: string;
  /** What the API server checks by code and so does not publish, by path (`[]` for the items of a list). */
  readonly bounds: Readonly<Record<string, Partial<JsonSchema>>>;
}

const PORT = { minimum: 1, maximum: 65_535 };
const PROTOCOL = { enum: ["TCP", "UDP", "SCTP"] };
const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
/** "" is no host; `*.` stands for one label. */
const HOST = { maxLength: 253, pattern: `^((\\*\\.)?${SUBDOMAIN})?$` };
const NAME = { minLength: 1, maxLength: 253, pattern: `^${SUBDOMAIN}$` };
const LABEL = { minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" };
const NAMED = {
  metadata: { required: ["name"] },
  "metadata.name": NAME,
  "metadata.namespace": LABEL,
  // Written as null by `kubectl create --dry-run`.
  "metadata.creationTimestamp": { type: ["string", "null"] },
};
const DATA_KEYS = { propertyNames: { maxLength: 253, pattern: "^[-._a-zA-Z0-9]+$" } };

/** The kinds of Kubernetes that Fairway reads, but for its own (crds/) and ReferenceGrant (written by hand: no cluster has it built in). */
export const KINDS: readonly CoreKind[] = [
  {
    groupVersion: "apis/networking.k8s.io/v1",
    schema: "io.k8s.api.networking.v1.Ingress",
    bounds: {
      ...NAMED,
      "spec.defaultBackend.service.port.number": PORT,
      "spec.rules[].host": HOST,
      "spec.rules[].http.paths": { minItems: 1 },
      "spec.rules[].http.paths[].path": { pattern: "^(/.*)?$" },
      "spec.rules[].http.paths[].pathType": { enum: ["Exact", "Prefix", "ImplementationSpecific"] },
      "spec.rules[].http.paths[].backend.service.port.number": PORT,
      "spec.tls[].hosts[]": HOST,
    },
  },
  {
    groupVersion: "apis/networking.k8s.io/v1",
    schema: "io.k8s.api.networking.v1.IngressClass",
    bounds: { ...NAMED, "spec.controller": { maxLength: 250 }, "spec.parameters.scope": { enum: ["Cluster", "Namespace"] } },
  },
  {
    groupVersion: "api/v1",
    schema: "io.k8s.api.core.v1.Service",
    bounds: {
      ...NAMED,
      "metadata.name": LABEL,
      "spec.type": { enum: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] },
      "spec.ports[].port": PORT,
      "spec.ports[].nodePort": { minimum: 0, maximum: 65_535 },
      "spec.ports[].protocol": PROTOCOL,
    },
  },
  { groupVersion: "api/v1", schema: "io.k8s.api.core.v1.Secret", bounds: { ...NAMED, data: DATA_KEYS, stringData: DATA_KEYS } },
  {
    groupVersion: "api/v1",
    schema: "io.k8s.api.core.v1.ConfigMap",
    bounds: { ...NAMED, data: DATA_KEYS, binaryData: DATA_KEYS },
  },
  { groupVersion: "api/v1", schema: "io.k8s.api.core.v1.Namespace", bounds: { ...NAMED, "metadata.name": LABEL } },
  {
    groupVersion: "apis/discovery.k8s.io/v1",
    schema: "io.k8s.api.discovery.v1.EndpointSlice",
    bounds: {
      ...NAMED,
      addressType: { enum: ["IPv4", "IPv6", "FQDN"] },
      // Written as null by the API server when there is none.
      endpoints: { type: ["array", "null"], maxItems: 1000 },
      "endpoints[].addresses": { minItems: 1, maxItems: 100 },
      ports: { type: ["array", "null"], maxItems: 20_000 },
      "ports[].port": PORT,
      "ports[].protocol": PROTOCOL,
    },
  },
];

/** Where the schema of a kind is kept, from the root of the checkout: `EndpointSlice` → `src/schema/core/endpoint-slice.json`. */
export function coreSchemaFile(kind: CoreKind): string {
  const name = kind.schema.slice(kind.schema.lastIndexOf(".") + 1);
  return `src/schema/core/${name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}.json`;
}
