import type { Clock } from "../../kernel/clock.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import type { AccessLog } from "../../telemetry/access-log.ts";
import type { CounterRow } from "../../telemetry/worker-counters.ts";
import type { Timeouts } from "../http1/limits.ts";
import type { Layer } from "../route/route-table.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import type { LiveRouter } from "../worker/live-router.ts";
import type { Deadlines } from "./deadlines.ts";

/** Finds routers: the live World. */
export interface RouteSource {
  /** The router for a request that came in on the entry point with this bit; null when none matches. */
  route(entryPointBit: number, facts: RequestFacts): LiveRouter<LiveService> | null;
  /** The router of a layer for a request that has come so far; null when none matches. */
  child(layer: Layer, facts: RequestFacts): LiveRouter<LiveService> | null;
  /** Whether a router that an exchange took earlier is still there, and would treat it as it did. What it sends to may have changed. */
  isCurrent(router: LiveRouter<LiveService>): boolean;
  /** Brings a service that an exchange holds up to date. */
  renewService(id: ResourceId<"service">): void;
}

/** Where exchanges are logged, and the time they are logged with. */
export interface Access {
  readonly log: AccessLog;
  readonly clock: Clock;
}

/** What all connections of a worker share. */
export interface Engine {
  /** Null while there is no access log. */
  readonly access: Access | null;
  /** The routes that are live now: read once per request. */
  routes: RouteSource;
  /** The worker ends: every response says `Connection: close`. */
  isDraining: boolean;
  /** How long sessions whose route changed may go on; absent: as `timeouts` say. */
  sessionMs?: number;
  readonly deadlines: Deadlines;
  readonly timeouts: Timeouts;
  readonly counters: CounterRow;
}
