import type { StoredObject } from "../store/stored-object.ts";
import { notSupported } from "./supported.ts";
import { nothing, type RootTranslation } from "./translation.ts";

/** Kinds that the schema knows and that have no effect yet; the routes that refer to one answer 503. */
export const UNSUPPORTED_KINDS = [
  "FairwayService",
  "IngressRouteTCP",
  "IngressRouteUDP",
  "MiddlewareTCP",
  "ServersTransport",
  "ServersTransportTCP",
  "TLSOption",
  "TLSStore",
] as const;

/** Says that an object has no effect yet. */
export function translateUnsupportedKind(object: StoredObject): RootTranslation {
  return nothing(null, [notSupported(object.ref, "", `${object.ref.kind} is not supported yet: the object has no effect.`)]);
}
