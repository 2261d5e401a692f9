import type { RoutingGraph } from "../model/graph.ts";
import type { ResourceId } from "../model/ids.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { Endpoints, Server, Service } from "../model/service.ts";

/** Who serves a router. */
export interface ExplainedService {
  /** Id of the service. */
  readonly id: string;
  readonly type: Service["type"];
  readonly object: ObjectRef;
  /** The port as the route names it; null for a weighted choice. */
  readonly port: string | null;
  /** Whether its servers get the Host of the request rather than their own address; null for a weighted choice. */
  readonly passHostHeader: boolean | null;
  /** The services of a weighted choice; empty for all others. */
  readonly services: readonly { readonly weight: number; readonly service: ExplainedService }[];
}

/** A server, and the Service it belongs to, as `namespace/name`. */
export interface ExplainedEndpoint extends Server {
  readonly service: string;
}

/** Follows a service down to its servers. */
export function explainService(
  id: ResourceId<"service"> | null,
  graph: RoutingGraph,
): { readonly service: ExplainedService | null; readonly endpoints: readonly ExplainedEndpoint[] } {
  const service = id === null ? undefined : (graph.resources.get(id) as Service | undefined);
  if (service === undefined) return { service: null, endpoints: [] };
  const { type, origin } = service;
  if (service.type === "loadBalancer") {
    const { passHostHeader } = service;
    const { servers } = graph.resources.get(service.endpoints) as Endpoints;
    const owner = `${origin.namespace}/${origin.name}`;
    return {
      service: { id: service.id, type, object: origin, port: portOf(service.endpoints), passHostHeader, services: [] },
      endpoints: servers.map((server) => ({ ...server, service: owner })),
    };
  }
  const members = service.services.map((member) => ({ weight: member.weight, ...explainService(member.service, graph) }));
  const services = members.flatMap((member) =>
    member.service === null ? [] : { weight: member.weight, service: member.service },
  );
  return {
    service: { id: service.id, type, object: origin, port: null, passHostHeader: null, services },
    endpoints: members.filter((member) => member.weight > 0).flatMap((member) => member.endpoints),
  };
}

/** The key of endpoints is the port as the route names it. */
export function portOf(endpoints: ResourceId<"endpoints">): string {
  return decodeURIComponent(endpoints.slice(endpoints.lastIndexOf("/") + 1));
}
