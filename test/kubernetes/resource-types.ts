/** A resource the fake API serves: as in /apis/GROUP/VERSION/PLURAL. */
export interface ResourceType {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  /** Whether `status` is a subresource: then writes to the object leave it alone, and writes to `/status` only touch it. */
  readonly hasStatus: boolean;
}

const type = (groupVersion: string, plural: string, kind: string, options: string = ""): ResourceType => {
  const [group = "", version = ""] = groupVersion.includes("/") ? groupVersion.split("/") : ["", groupVersion];
  return { group, version, plural, kind, isNamespaced: !options.includes("cluster"), hasStatus: options.includes("status") };
};

const OURS = "fairway.dev/v1alpha1";

/** What a cluster serves on which our CRDs are installed. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  type("v1", "namespaces", "Namespace", "cluster status"),
  type("v1", "services", "Service", "status"),
  type("v1", "secrets", "Secret"),
  type("v1", "configmaps", "ConfigMap"),
  type("v1", "nodes", "Node", "cluster status"),
  type("v1", "pods", "Pod", "status"),
  type("v1", "events", "Event"),
  type("v1", "serviceaccounts", "ServiceAccount"),
  type("events.k8s.io/v1", "events", "Event"),
  type("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
  type("networking.k8s.io/v1", "ingresses", "Ingress", "status"),
  type("networking.k8s.io/v1", "ingressclasses", "IngressClass", "cluster"),
  type("coordination.k8s.io/v1", "leases", "Lease"),
  type("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", "cluster status"),
  type(OURS, "ingressroutes", "IngressRoute", "status"),
  type(OURS, "ingressroutetcps", "IngressRouteTCP", "status"),
  type(OURS, "ingressrouteudps", "IngressRouteUDP", "status"),
  type(OURS, "middlewares", "Middleware", "status"),
  type(OURS, "middlewaretcps", "MiddlewareTCP", "status"),
  type(OURS, "tlsoptions", "TLSOption", "status"),
  type(OURS, "tlsstores", "TLSStore", "status"),
  type(OURS, "serverstransports", "ServersTransport", "status"),
  type(OURS, "serverstransporttcps", "ServersTransportTCP", "status"),
  type(OURS, "fairwayservices", "FairwayService", "status"),
  type(OURS, "fairwayclasses", "FairwayClass", "cluster status"),
];

/** ReferenceGrant, which only clusters with the Gateway API have. */
export const REFERENCE_GRANTS: ResourceType = type("gateway.networking.k8s.io/v1beta1", "referencegrants", "ReferenceGrant");

/** `v1` or `group/v1`. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Where a request goes: `/api/v1/namespaces/shop/services/cart/status` and the like. */
export interface ApiPath {
  readonly groupVersion: string;
  readonly plural: string;
  /** "" where the path names none. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** Null when it is no path below /api or /apis. With an empty plural it is the discovery of a group and version. */
export function parseApiPath(path: string): ApiPath | null {
  const match = /^(?:\/api\/(v1)|\/apis\/([^/]+\/[^/]+))(?:\/(.*))?$/.exec(path);
  if (match === null) return null;
  const groupVersion = (match[1] ?? match[2]) as string;
  const parts = (match[3] ?? "").split("/").map(decodeURIComponent);
  const isInNamespace = parts[0] === "namespaces" && parts.length > 2 && !["status", "finalize"].includes(parts[2] as string);
  const [plural = "", name = "", subresource = ""] = isInNamespace ? parts.slice(2) : parts;
  return { groupVersion, plural, namespace: isInNamespace ? (parts[1] as string) : "", name, subresource };
}
