/**
 * What the operator watches, and the rights it needs for that. The rights on what it writes are told where it writes.
 *
 * | group | resources | verbs | where |
 * |---|---|---|---|
 * | fairway.dev | ingressroutes, ingressroutetcps, ingressrouteudps, middlewares, middlewaretcps, tlsoptions, tlsstores, serverstransports, serverstransporttcps, fairwayservices | list, watch | each watched namespace, or all |
 * | fairway.dev | fairwayclasses | list, watch | cluster |
 * | networking.k8s.io | ingresses | list, watch | each watched namespace, or all |
 * | networking.k8s.io | ingressclasses | list, watch | cluster |
 * | (core) | services | list, watch | each watched namespace, or all |
 * | discovery.k8s.io | endpointslices | list, watch | each watched namespace, or all |
 * | (core) | secrets, configmaps | list, watch (metadata only), get (those referenced) | each watched namespace, or all |
 * | gateway.networking.k8s.io | referencegrants | list, watch | each watched namespace, or all |
 * | /apis, /apis/* | (discovery; every authenticated account may) | get | cluster |
 * | apiextensions.k8s.io | customresourcedefinitions | get, create, patch, list, watch (metadata only) | cluster, with `--install-crds` only |
 */

/** A kind that is watched. */
export interface WatchedKind {
  readonly kind: string;
  /** "" for the core group. */
  readonly group: string;
  /** Those we read, the preferred one first. */
  readonly versions: readonly [string, ...string[]];
  readonly plural: string;
  readonly isNamespaced: boolean;
  /**
   * `whole`: every object goes into the store. `wanted`: every object is watched as metadata, and those that somebody refers to are
   * fetched.
   */
  readonly hold: "whole" | "wanted";
  /** Whether it is one of ours, with a CRD of ours. */
  readonly isOurs: boolean;
  /** Whether every change of what is desired counts up `metadata.generation`, labels and annotations aside. */
  readonly countsGenerations: boolean;
}

const core = (kind: string, group: string, plural: string, more: Partial<WatchedKind> = {}): WatchedKind => ({
  kind,
  group,
  versions: ["v1"],
  plural,
  isNamespaced: true,
  hold: "whole",
  isOurs: false,
  countsGenerations: false,
  ...more,
});

const ours = (kind: string, plural: string, isNamespaced = true): WatchedKind => ({
  ...core(kind, "fairway.dev", plural, { isNamespaced }),
  versions: ["v1alpha1"],
  isOurs: true,
  countsGenerations: true,
});

/** Every kind that is watched. */
export const WATCHED_KINDS: readonly WatchedKind[] = [
  core("IngressClass", "networking.k8s.io", "ingressclasses", { isNamespaced: false, countsGenerations: true }),
  ours("FairwayClass", "fairwayclasses", false),
  core("Ingress", "networking.k8s.io", "ingresses", { countsGenerations: true }),
  ours("IngressRoute", "ingressroutes"),
  ours("IngressRouteTCP", "ingressroutetcps"),
  ours("IngressRouteUDP", "ingressrouteudps"),
  ours("Middleware", "middlewares"),
  ours("MiddlewareTCP", "middlewaretcps"),
  ours("TLSOption", "tlsoptions"),
  ours("TLSStore", "tlsstores"),
  ours("ServersTransport", "serverstransports"),
  ours("ServersTransportTCP", "serverstransporttcps"),
  ours("FairwayService", "fairwayservices"),
  core("Service", "", "services"),
  core("EndpointSlice", "discovery.k8s.io", "endpointslices"),
  core("Secret", "", "secrets", { hold: "wanted" }),
  core("ConfigMap", "", "configmaps", { hold: "wanted" }),
  core("ReferenceGrant", "gateway.networking.k8s.io", "referencegrants", { versions: ["v1", "v1beta1"] }),
];

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf({ group }: Pick<WatchedKind, "group">, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Where the objects of a kind are on the API server: all of them, or those of a namespace. */
export function collectionPath(kind: Pick<WatchedKind, "group" | "plural">, version: string, namespace: string | null): string {
  const root = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  return namespace === null ? `${root}/${kind.plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`;
}
