import { objectKey } from "../model/object-ref.ts";
import { LAYERS_MAX, type Router } from "../model/router.ts";

/** Ways to one child that examples are looked for on. */
const WAYS_MAX = 16;

/** Where requests come to a router from: itself where it is a root, else with the rules above it, once for each way down from a root. */
export class Ways {
  readonly #parents: ReadonlyMap<string, readonly Router[]>;

  /** `routers` may be those of several tables. */
  constructor(routers: readonly Router[]) {
    this.#parents = Map.groupBy(
      routers.filter(({ isParent }) => isParent === true),
      ({ origin }) => objectKey(origin),
    );
  }

  /** The router, served on entry points, by a rule that holds what all rules on the way say. */
  to(router: Router, layers = 1): readonly Router[] {
    if (router.parents === undefined) return [router];
    if (layers === LAYERS_MAX) return [];
    const above = router.parents.flatMap((parent) => this.#parents.get(objectKey(parent)) ?? []).slice(0, WAYS_MAX);
    const ways = above.flatMap((parent) => this.to(parent, layers + 1)).slice(0, WAYS_MAX);
    return ways.map(({ entryPoints, rule }) => ({ ...router, entryPoints, rule: { op: "and", terms: [rule, router.rule] } }));
  }
}
