import fc from "fast-check";
import { expect, test } from "vitest";
import { compareRanks, type Rank } from "./rank.ts";

const plain: Rank = {
  priority: 10,
  host: 3,
  path: 2,
  pathLength: 4,
  predicates: 1,
  createdAtMs: 5,
  object: "a/b/IngressRoute",
  index: 0,
};

test.each([
  ["a higher priority", { priority: 11 }],
  ["a more exact path", { path: 3 }],
  ["a longer path", { pathLength: 5 }],
  ["more predicates", { predicates: 2 }],
  ["an older object", { createdAtMs: 4 }],
  ["a name that comes first", { object: "a/a/IngressRoute" }],
])("%s wins when all before it is equal", (_, better) => {
  expect(compareRanks({ ...plain, ...better }, plain)).toBeLessThan(0);
  expect(compareRanks(plain, { ...plain, ...better })).toBeGreaterThan(0);
});

test("the order is total and transitive", () => {
  const rank = fc.record<Rank>({
    priority: fc.integer({ min: -1, max: 1 }),
    host: fc.integer({ min: 0, max: 3 }),
    path: fc.integer({ min: 0, max: 3 }),
    pathLength: fc.integer({ min: 0, max: 2 }),
    predicates: fc.integer({ min: 0, max: 1 }),
    createdAtMs: fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER),
    object: fc.constantFrom("a/a/Ingress", "a/b/Ingress"),
    index: fc.integer({ min: 0, max: 1 }),
  });
  fc.assert(
    fc.property(rank, rank, rank, (a, b, c) => {
      expect(Math.sign(compareRanks(a, b))).toBe(-Math.sign(compareRanks(b, a)) + 0);
      if (compareRanks(a, b) <= 0 && compareRanks(b, c) <= 0) expect(compareRanks(a, c)).toBeLessThanOrEqual(0);
      expect(compareRanks(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: 2000 },
  );
});
