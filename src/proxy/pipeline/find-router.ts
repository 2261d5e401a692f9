import { FAILURES, type Failure } from "../../model/failure.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import type { LiveRouter } from "../worker/live-router.ts";
import type { RouteSource } from "./engine.ts";

/**
 * The router of the first layer for a request, or why it gets none: on an entry point that has left the configuration, none does. A
 * tombstone is a router too: its request is answered 503, not given to another.
 */
export function findRouter(
  routes: RouteSource,
  entryPointBit: number,
  exchange: HttpExchange,
  hasBody: boolean,
): LiveRouter<LiveService> | Failure {
  // RFC 6455 §4.1: an opening handshake is a GET; a body would be taken for the tunnel's first bytes by one side only.
  if (exchange.upgrade === "websocket" && (exchange.method !== "GET" || hasBody)) return FAILURES.UpgradeRefused;
  // Its routes went with it, and what is told of them would be remembered for longer.
  if (entryPointBit === 0) return FAILURES.ShuttingDown;
  // RFC 9110 §9.3.8: a TRACE has no content; servers differ on whether they would read it.
  if (hasBody && exchange.method === "TRACE") return FAILURES.MalformedHead;
  const router = routes.route(entryPointBit, exchange);
  if (router === null) return FAILURES.NoRoute;
  if (router.isTombstone) return FAILURES.Tombstone;
  // RFC 9110 §15.5.20: the connection was made on other terms than the router's, or on such as are no more.
  const { tls } = exchange.peer;
  if (tls !== undefined && !(tls.agreesTo(router.data.tlsOption) && tls.isCurrent())) return FAILURES.MisdirectedRequest;
  return router;
}
