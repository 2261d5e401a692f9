import type { Certificate } from "./certificate.ts";
import type { EntryPoint } from "./entry-point.ts";
import type { ResourceId, ResourceType } from "./ids.ts";
import type { Middleware } from "./middleware.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import type { Router } from "./router.ts";
import type { Endpoints, Service } from "./service.ts";

/** What each type of resource holds. */
export interface ResourceBodies {
  entryPoint: EntryPoint;
  router: Router;
  middleware: Middleware;
  service: Service;
  endpoints: Endpoints;
  certificate: Certificate;
  settings: ProxySettings;
}

/** One compiled thing of the routing graph, decoded. */
export type Resource = ResourceBodies[ResourceType];

/** The format number of every resource body written by this version. The operator serves the current one and the one before. */
export const RESOURCE_FORMAT = 1;

/** One compiled thing as it travels: canonical JSON and its hash. */
export interface EncodedResource {
  readonly id: ResourceId;
  readonly format: number;
  /** SHA-256 of id, format and body (32 bytes). */
  readonly hash: Uint8Array;
  /** Canonical JSON (UTF-8). */
  readonly body: Uint8Array;
}
