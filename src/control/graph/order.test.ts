import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits } from "../../../test/compile/world-edits.ts";
import { DEV_SETTINGS } from "../../../test/golden/world.ts";
import { compareRanks } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import { ObjectStore } from "../store/object-store.ts";
import { Compiler } from "./compiler.ts";

/** The routers of a world of random Ingresses, IngressRoutes and default backends, of any age, some being deleted. */
const worlds = fc.array(edits, { minLength: 20, maxLength: 60 }).map((all) => {
  const store = new ObjectStore();
  applyEdits(store, all);
  const compiler = new Compiler(DEV_SETTINGS);
  compiler.update(store, "all");
  const resources = [...(compiler.graph("fairway")?.resources.values() ?? [])];
  return resources.filter((resource): resource is Router => "ruleText" in resource);
});

test("the order of compiled rules is total and transitive, whatever they come from", { timeout: 30_000 }, () => {
  let mixed = 0;
  fc.assert(
    fc.property(worlds, (routers) => {
      if (new Set(routers.map((router) => router.origin.kind)).size > 1) mixed++;
      for (const a of routers) {
        for (const b of routers) {
          const order = Math.sign(compareRanks(a.rank, b.rank));
          expect(order === 0).toBe(a.id === b.id);
          expect(order + Math.sign(compareRanks(b.rank, a.rank))).toBe(0);
        }
      }
      const ordered = routers.toSorted((a, b) => compareRanks(a.rank, b.rank));
      // Where every pair of a sorted list stands in its order, the order is transitive.
      for (const [index, a] of ordered.entries()) {
        for (const b of ordered.slice(index + 1)) expect(compareRanks(a.rank, b.rank)).toBeLessThan(0);
      }
    }),
    { numRuns: 150 },
  );
  expect(mixed).toBeGreaterThan(50);
});

test("the order does not depend on the order in which the routers are looked at", () => {
  fc.assert(
    fc.property(
      worlds.chain((routers) => fc.tuple(fc.constant(routers), fc.shuffledSubarray([...routers], { minLength: routers.length }))),
      ([routers, shuffled]) => {
        const order = (all: readonly Router[]) => all.toSorted((a, b) => compareRanks(a.rank, b.rank)).map((router) => router.id);
        expect(order(shuffled)).toEqual(order(routers));
      },
    ),
    { numRuns: 100 },
  );
});
