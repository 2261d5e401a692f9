import type { Certificate } from "./certificate.ts";
import type { EntryPoint } from "./entry-point.ts";
import { type ResourceId, type ResourceType, resourceType } from "./ids.ts";
import type { Middleware } from "./middleware.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import type { Router } from "./router.ts";
import type { ServersTransport } from "./servers-transport.ts";
import type { Endpoints, Service } from "./service.ts";
import type { TicketSecret } from "./ticket-secret.ts";
import type { TlsDefaults } from "./tls-defaults.ts";
import type { TlsHost } from "./tls-host.ts";
import type { TlsOption } from "./tls-option.ts";

/** What each type of resource holds. */
export interface ResourceBodies {
  entryPoint: EntryPoint;
  router: Router;
  middleware: Middleware;
  service: Service;
  endpoints: Endpoints;
  certificate: Certificate;
  settings: ProxySettings;
  tlsOption: TlsOption;
  tlsHost: TlsHost;
  tlsDefaults: TlsDefaults;
  ticketSecret: TicketSecret;
  serversTransport: ServersTransport;
}

/** One compiled thing of the routing graph, decoded. */
export type Resource = ResourceBodies[ResourceType];

/** The newest format of resource bodies. */
export const RESOURCE_FORMAT = 2;

/** The formats this version reads; it writes each resource in the oldest that can say it (`resourceFormat`). */
export const RESOURCE_FORMATS: readonly number[] = [1, RESOURCE_FORMAT];

/**
 * The format a resource is written in: the oldest one whose readers honour all it says, so that what says nothing new keeps its bytes and
 * hash, and a reader that would serve something weaker refuses it instead. Format 2: TLS options, TLS to servers.
 */
export function resourceFormat(resource: Resource): number {
  switch (resourceType(resource.id)) {
    case "tlsOption":
    case "tlsHost":
    case "tlsDefaults":
    case "ticketSecret":
    case "serversTransport":
      return 2;
    case "router":
      return (resource as Router).tlsOption === undefined ? 1 : 2;
    case "service":
      return isPlain(resource as Service) ? 1 : 2;
    default:
      return 1;
  }
}

function isPlain(service: Service): boolean {
  return service.type !== "loadBalancer" || (service.scheme !== "https" && service.transport === undefined);
}

/** One compiled thing as it travels: canonical JSON and its hash. */
export interface EncodedResource {
  readonly id: ResourceId;
  readonly format: number;
  /** SHA-256 of id, format and body (32 bytes). */
  readonly hash: Uint8Array;
  /** Canonical JSON (UTF-8). */
  readonly body: Uint8Array;
}
