import type { ResourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";

/** How long a working rule keeps its old form when its new form misses a reference: kinds arrive in no common order. */
export const HOLD_MS = 2_000;

/** The old form of one rule: it stands in for the rule's new form, which misses a reference. */
export interface Hold {
  /** The new form that is held back. */
  readonly id: ResourceId<"router">;
  readonly className: string;
  /** The form that worked. */
  readonly router: Router;
  /** All that `router` leads to, as it was when it worked; used only where the live graph no longer has it. */
  readonly resources: readonly Resource[];
}

/** The holds a build takes into account, by the id of the router they hold back. */
export type Holds = ReadonlyMap<ResourceId<"router">, Hold>;

export const NO_HOLDS: Holds = new Map();
