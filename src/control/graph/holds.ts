import type { ResourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import { missesReference } from "../translate/router.ts";
import type { RootTranslation } from "../translate/translation.ts";
import type { ClassGraph } from "./class-graph.ts";

/** How long a working rule keeps its old form when its new form misses a reference: kinds arrive in no common order. */
export const HOLD_MS = 2_000;

/** The old form of one rule: it stands in for the rule's new form, which misses a reference. */
export interface Hold {
  /** The new form that is held back. */
  readonly id: ResourceId<"router">;
  readonly className: string;
  /** The form that worked; of the same object. */
  readonly router: Router;
  /** All that `router` leads to, as it was when it worked; used only where the live graph no longer has it. */
  readonly resources: readonly Resource[];
}

/** The holds a build takes into account, by the id of the router they hold back. */
export type Holds = ReadonlyMap<ResourceId<"router">, Hold>;

export const NO_HOLDS: Holds = new Map();

/** The rules of an object that worked in its translation before and now miss a reference. `graph` is still that of before. */
export function holdableRules(before: RootTranslation, after: RootTranslation, graph: ClassGraph): readonly Hold[] {
  const { className } = after;
  if (className === null || className !== before.className) return [];
  return after.routers.flatMap((router) => {
    if (router.tombstone === null) return [];
    const former = formerOf(router, before, after);
    if (former === undefined || former.tombstone !== null) return [];
    const hold: Hold = { id: router.id, className, router: formFor(router, former), resources: graph.closure(former.id) };
    return canWait(router, hold) ? [hold] : [];
  });
}

/**
 * Whether what keeps a rule from working may be yet to come, so that its old form stands in for it: an object that is not there, or the
 * consent of another namespace. A form that itself leads to another namespace never waits for a consent: it may have been withdrawn.
 */
export function canWait(router: Router, { resources }: Hold): boolean {
  const { namespace } = router.origin;
  const isAtHome = resources.every((resource) => !("origin" in resource) || resource.origin.namespace === namespace);
  return missesReference(router, isAtHome);
}

/** The form a rule had before: the router of the same name, else one that is gone and stood in the same place, for all its entry points. */
function formerOf(router: Router, before: RootTranslation, after: RootTranslation): Router | undefined {
  const same = before.routers.find((former) => former.id === router.id);
  if (same !== undefined) return same;
  const present = new Set(after.routers.map((one) => one.id));
  return before.routers.find(
    (former) =>
      former.rank.index === router.rank.index &&
      !present.has(former.id) &&
      router.entryPoints.every((name) => former.entryPoints.includes(name)),
  );
}

/** The old form, for the entry points of the new one alone: others may have a form of their own by now. */
function formFor(router: Router, former: Router): Router {
  if (former.id === router.id || former.entryPoints.length === router.entryPoints.length) return former;
  const { id, entryPoints } = router;
  return { ...former, id, entryPoints, rank: { ...former.rank, object: router.rank.object } };
}
