import fc from "fast-check";
import { expect, test } from "vitest";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { ResourceId } from "../../model/ids.ts";
import { compareRanks } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import { compileRule } from "../../rules/compile.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import { entryPoint, facts, match, RoutingCase, router } from "../worker/routing-case.ts";

const HOSTS = ["a.test", "b.test", "x.a.test", "y.a.test", "test", "", "10.0.0.1"];
const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/b", "/long/path/with/segments", "*"];
const ENTRY_POINTS = ["web", "websecure"];

const term: fc.Arbitrary<Rule> = fc.oneof(
  fc.constantFrom("a.test", "b.test", "*.a.test", "*.test", "x.a.test", "*", "10.0.0.1").map((host) => match("Host", host)),
  fc.constantFrom("^[a-z]+\\.test$", "a").map((regex) => match("HostRegexp", regex)),
  fc.constantFrom(...PATHS.filter((path) => path !== "*")).map((path) => match("Path", path)),
  fc.constantFrom(...PATHS.filter((path) => path !== "*")).map((path) => match("PathPrefix", path)),
  fc.constantFrom("/a", "/a/b", "/", "/long/path").map((path) => match("PathSegmentPrefix", path)),
  fc.constantFrom("^/a", "b$").map((regex) => match("PathRegexp", regex)),
  fc.constantFrom("GET", "POST").map((method) => match("Method", method)),
  fc.constantFrom("1", "2").map((value) => match("Header", "X-Test", value)),
);

const rule: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => {
  const terms = fc.array(tie("rule"), { minLength: 2, maxLength: 3 });
  return {
    rule: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      term,
      terms.map((terms) => flat("and", terms)),
      terms.map((terms) => flat("or", terms)),
      tie("rule").map((term): Rule => ({ op: "not", term })),
    ),
  };
}).rule;

/** A list never holds a list of its own kind. */
function flat(op: "and" | "or", terms: readonly Rule[]): Rule {
  return { op, terms: terms.flatMap((term) => (term.op === op ? term.terms : [term])) };
}

const anyRouter: fc.Arbitrary<Router> = fc
  .record({
    name: fc.integer({ min: 0, max: 30 }),
    rule,
    priority: fc.integer({ min: 0, max: 3 }),
    host: fc.integer({ min: 0, max: 3 }),
    entryPoints: fc.subarray(ENTRY_POINTS, { minLength: 1 }),
  })
  .map(({ name, rule, priority, host, entryPoints }) => router(`r${name}`, rule, { priority, host }, { entryPoints }));

const step = fc.record({
  upserts: fc.uniqueArray(anyRouter, { maxLength: 12, selector: (one) => one.id }),
  removed: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 4 }),
});

const request = fc.record({
  host: fc.constantFrom(...HOSTS),
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom("GET", "POST"),
  header: fc.constantFrom("1", "2", null),
  entryPoint: fc.constantFrom(...ENTRY_POINTS),
});

/** What routing means: the first router in the order of ranks that serves the entry point and whose whole rule is true. */
function scanOf(routers: Iterable<Router>): (entryPoint: string, request: RequestFacts) => ResourceId | null {
  const inOrder = [...routers]
    .sort((a, b) => compareRanks(a.rank, b.rank))
    .map((one) => ({ ...one, isMatch: compileRule(one.rule, matchers) }));
  return (entryPoint, request) => inOrder.find((one) => one.entryPoints.includes(entryPoint) && one.isMatch(request))?.id ?? null;
}

test("whatever the rules and however they changed, the winner is the one a scan of all routers finds", {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.array(request, { minLength: 12, maxLength: 12 }),
      (steps, requests) => {
        const world = new RoutingCase();
        world.apply(ENTRY_POINTS.map(entryPoint));
        const routers = new Map<ResourceId, Router>();
        for (const { upserts, removed } of steps) {
          const removals = removed.map((name) => router(`r${name}`, match("Host", "a.test")).id);
          for (const id of removals) routers.delete(id);
          for (const one of upserts) routers.set(one.id, one);
          expect(world.apply(upserts, removals)).toEqual([]);
          const scan = scanOf(routers.values());
          for (const { host, path, method, header, entryPoint } of requests) {
            const request = facts(host, path, method, header === null ? {} : { "x-test": header });
            expect(world.winner(request, entryPoint)).toBe(scan(entryPoint, request));
          }
        }
        const fresh = new RoutingCase();
        fresh.apply([...ENTRY_POINTS.map(entryPoint), ...routers.values()]);
        expect(fresh.builder.version).toBe(world.builder.version);
        for (const { host, path, method, entryPoint } of requests) {
          const request = facts(host, path, method);
          expect(fresh.winner(request, entryPoint)).toBe(world.winner(request, entryPoint));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("a router of another entry point never wins, and a priority beats a closer path", () => {
  const world = new RoutingCase();
  world.apply([
    ...ENTRY_POINTS.map(entryPoint),
    router("close", match("Path", "/a/b"), { path: 3 }),
    router("broad", match("PathPrefix", "/a"), { priority: 5 }),
    router("secure", match("PathPrefix", "/"), { priority: 9 }, { entryPoints: ["websecure"] }),
  ]);
  expect(world.winner(facts("any.test", "/a/b"))).toContain("broad");
  expect(world.winner(facts("any.test", "/a/b"), "websecure")).toContain("secure");
  expect(world.winner(facts("any.test", "/x"))).toBe(null);
  expect(world.winner(facts("any.test", "/a/b"), "unknown")).toBe(null);
});

test("a wildcard stands for one label, and a host that spells a wildcard is no way around", () => {
  const world = new RoutingCase();
  world.apply([entryPoint("web"), router("wild", match("Host", "*.a.test"))]);
  expect(world.winner(facts("x.a.test", "/"))).toContain("wild");
  expect(world.winner(facts("a.test", "/"))).toBe(null);
  expect(world.winner(facts("x.y.a.test", "/"))).toBe(null);
  expect(world.winner(facts("*", "/"))).toBe(null);
  expect(world.winner(facts("", "/"))).toBe(null);
});
