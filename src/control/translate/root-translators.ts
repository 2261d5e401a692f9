import { translateIngress } from "./ingress.ts";
import { translateIngressRoute } from "./ingress-route.ts";
import { translateIngressRouteTcp } from "./ingress-route-tcp.ts";
import { translateMiddlewareObject } from "./middleware.ts";
import { translateServersTransportObject } from "./servers-transport.ts";
import { translateTlsStore } from "./tls-defaults.ts";
import { translateTlsOptionObject } from "./tls-option.ts";
import type { RootTranslator } from "./translation.ts";
import { translateUnsupportedKind, translateUnsupportedRoute, UNSUPPORTED_KINDS } from "./unsupported-kind.ts";
import { translateFairwayClass } from "./unused-fairway-class.ts";

/** What is compiled for its own sake, by kind. */
export const ROOT_TRANSLATORS: ReadonlyMap<string, RootTranslator> = new Map<string, RootTranslator>([
  ["FairwayClass", translateFairwayClass],
  ["Ingress", translateIngress],
  ["IngressRoute", translateIngressRoute],
  ["Middleware", translateMiddlewareObject],
  ["ServersTransport", translateServersTransportObject],
  ["TLSOption", translateTlsOptionObject],
  ["TLSStore", translateTlsStore],
  ...UNSUPPORTED_KINDS.map((kind) => [kind, translateUnsupportedKind] as const),
  ["IngressRouteTCP", translateIngressRouteTcp],
  ["IngressRouteUDP", translateUnsupportedRoute],
]);
