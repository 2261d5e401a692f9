import type { ObjectRef } from "../../model/object-ref.ts";

/**
 * What a kind's status looks like: `route` has conditions at the top and belongs to one class; `shared` has an entry for each
 * controller; `class` is a FairwayClass; an Ingress has addresses alone.
 */
export type StatusFamily = "route" | "shared" | "class" | "ingress";

/** Where the statuses of a kind are on the API server. */
export interface StatusKind {
  readonly family: StatusFamily;
  readonly apiVersion: string;
  readonly plural: string;
  /** For a column: the one field of `spec` that is set, where the schema's status has `kind`. */
  readonly saysKind: boolean;
}

const OURS = "fairway.dev/v1alpha1";

const ours = (family: StatusFamily, plural: string, saysKind = false): StatusKind => {
  return { family, apiVersion: OURS, plural, saysKind };
};

/** Every kind whose status is written. */
export const STATUS_KINDS: ReadonlyMap<string, StatusKind> = new Map([
  ["Ingress", { family: "ingress", apiVersion: "networking.k8s.io/v1", plural: "ingresses", saysKind: false }],
  ["IngressRoute", ours("route", "ingressroutes")],
  ["IngressRouteTCP", ours("route", "ingressroutetcps")],
  ["IngressRouteUDP", ours("route", "ingressrouteudps")],
  ["Middleware", ours("shared", "middlewares", true)],
  ["MiddlewareTCP", ours("shared", "middlewaretcps", true)],
  ["TLSOption", ours("shared", "tlsoptions")],
  ["TLSStore", ours("shared", "tlsstores")],
  ["ServersTransport", ours("shared", "serverstransports")],
  ["ServersTransportTCP", ours("shared", "serverstransporttcps")],
  ["FairwayService", ours("shared", "fairwayservices", true)],
  ["FairwayClass", ours("class", "fairwayclasses")],
]);

/** Kinds that have no status of ours; what is wrong with their objects is told by Events alone. */
export const EVENT_KINDS: ReadonlyMap<string, { readonly apiVersion: string; readonly plural: string }> = new Map([
  ["Service", { apiVersion: "v1", plural: "services" }],
  ["Secret", { apiVersion: "v1", plural: "secrets" }],
  ["IngressClass", { apiVersion: "networking.k8s.io/v1", plural: "ingressclasses" }],
]);

/** Path of an object on the API server; null for a kind that nothing is written about. */
export function objectPath({ kind, namespace, name }: ObjectRef): string | null {
  const found = STATUS_KINDS.get(kind) ?? EVENT_KINDS.get(kind);
  if (found === undefined) return null;
  const root = found.apiVersion.includes("/") ? `/apis/${found.apiVersion}` : `/api/${found.apiVersion}`;
  const scope = namespace === "" ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${found.plural}/${encodeURIComponent(name)}`;
}
