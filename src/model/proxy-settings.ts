import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/**
 * Settings of the proxies of a class that belong to no entry point; what is absent has the default of the proxy. A class without any
 * has no such resource; there is at most one.
 */
export interface ProxySettings {
  readonly id: ResourceId<"settings">;
  readonly origin: ObjectRef;
  readonly drain?: DrainSettings;
  /** After this time without an operator servers are replaced by their service's ClusterIP; 0: never. */
  readonly clusterIPAfterMs?: number;
}

/** How a proxy, or what it serves, ends. */
export interface DrainSettings {
  /** After SIGTERM: how long connections are still taken, at least. */
  readonly delayMs?: number;
  /** Listeners close only after this long without a connection. */
  readonly quietMs?: number;
  /** What runs longer than this after the listeners closed is cut. */
  readonly deadlineMs?: number;
  /** Upgraded connections whose route or access rules changed end after this time. */
  readonly sessionMs?: number;
}
