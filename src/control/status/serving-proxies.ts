import type { ObjectRef } from "../../model/object-ref.ts";
import type { ObjectView } from "../store/object-view.ts";

interface SliceBody {
  readonly endpoints?: readonly Endpoint[] | null;
}

interface Endpoint {
  readonly conditions?: { readonly ready?: boolean | null } | null;
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
}

/**
 * The ready Pods behind a Service by its EndpointSlices, by their names, which are the names proxies give themselves; null where there
 * is no such Service, or its endpoints are no Pods, so that it says nothing about proxies. An absent condition means ready
 * (EndpointSlice API).
 */
export function servingProxies(service: ObjectRef, view: Pick<ObjectView, "get" | "endpointSlices">): ReadonlySet<string> | null {
  if (view.get("Service", service.namespace, service.name) === undefined) return null;
  const slices = view.endpointSlices(service.namespace, service.name);
  const endpoints = slices.flatMap(({ body }) => (body as SliceBody).endpoints ?? []);
  if (endpoints.length > 0 && endpoints.every((endpoint) => podOf(endpoint) === null)) return null;
  const ready = endpoints.filter((endpoint) => endpoint.conditions?.ready ?? true);
  return new Set(ready.map(podOf).filter((name) => name !== null));
}

function podOf({ targetRef }: Endpoint): string | null {
  return targetRef?.kind === "Pod" && targetRef.name ? targetRef.name : null;
}
