import type { ObjectRef } from "../../model/object-ref.ts";
import type { ObjectView } from "../store/object-view.ts";

interface SliceBody {
  readonly endpoints?: readonly Endpoint[] | null;
}

interface Endpoint {
  readonly nodeName?: string | null;
  readonly conditions?: { readonly ready?: boolean | null } | null;
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
}

/** The proxies behind a Service. */
export interface ServingProxies {
  /** Names of their Pods, which are the names proxies give themselves. */
  readonly pods: ReadonlySet<string>;
  /** The nodes they run on, sorted. */
  readonly nodes: readonly string[];
}

/**
 * The ready Pods behind a Service by its EndpointSlices; null where there is no such Service, or its endpoints are no Pods, so that it
 * says nothing about proxies. An absent condition means ready (EndpointSlice API).
 */
export function servingProxies(service: ObjectRef, view: Pick<ObjectView, "get" | "endpointSlices">): ServingProxies | null {
  if (view.get("Service", service.namespace, service.name) === undefined) return null;
  const slices = view.endpointSlices(service.namespace, service.name);
  const endpoints = slices.flatMap(({ body }) => (body as SliceBody).endpoints ?? []);
  if (endpoints.length > 0 && endpoints.every((endpoint) => podOf(endpoint) === null)) return null;
  const ready = endpoints.filter((endpoint) => endpoint.conditions?.ready ?? true);
  return {
    pods: new Set(ready.map(podOf).filter((name) => name !== null)),
    nodes: [...new Set(ready.map(({ nodeName }) => nodeName ?? "").filter((name) => name !== ""))].sort(),
  };
}

function podOf({ targetRef }: Endpoint): string | null {
  return targetRef?.kind === "Pod" && targetRef.name ? targetRef.name : null;
}
