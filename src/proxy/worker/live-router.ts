import type { Hooks } from "../../extensions/middlewares/contract.ts";
import type { Router } from "../../model/router.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import type { Layer } from "../route/route-table.ts";

/**
 * A router with everything it needs to serve. Immutable for those who hold it: an exchange takes one at its start and keeps it to
 * its end, whatever the configuration becomes; when router or middlewares change, the World makes another.
 */
export interface LiveRouter<S> {
  readonly data: Router;
  /** What is left of the rule once host and path index have chosen this router; null when nothing is. */
  readonly matches: ((facts: RequestFacts) => boolean) | null;
  /** In the order in which request hooks run. Empty in a tombstone. */
  readonly middlewares: readonly Hooks[];
  /** Null in a tombstone, and in a router that leaves every request to its children. */
  readonly service: S | null;
  /** The routers that hang under it: a request that has passed `middlewares` is theirs first. Null when there are none. */
  readonly layer: Layer | null;
  /** Answered 503 (`FAILURES.Tombstone`). */
  readonly isTombstone: boolean;
}
