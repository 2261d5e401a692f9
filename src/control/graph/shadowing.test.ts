import fc from "fast-check";
import { expect, test } from "vitest";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { resourceId } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import { compareRanks } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import { compileRule } from "../../rules/compile.ts";
import { covers } from "../../rules/covers.ts";
import { parseRule } from "../../rules/parser.ts";
import { printRule } from "../../rules/printer.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import { specificity } from "../../rules/specificity.ts";
import { type Claim, claimOf } from "./claim.ts";
import { Shadowing } from "./shadowing.ts";
import { allSteps } from "./steps.ts";

const parsed = new Map<string, Rule>();

function ruleOf(text: string): Rule {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const rule = parseRule(text, matchers);
  if (!rule.ok) throw new Error(rule.error.message);
  parsed.set(text, rule.value);
  return rule.value;
}

function claim(name: string, text: string, priority = text.length, entryPoints: readonly string[] = ["web"]): Claim {
  const rule = ruleOf(text);
  const origin = { kind: "IngressRoute", namespace: "one", name };
  const router: Router = {
    id: resourceId("router", origin),
    origin,
    entryPoints,
    rule,
    ruleText: printRule(rule),
    rank: { priority, ...specificity(rule, matchers), createdAtMs: 0, object: `one/${name}/IngressRoute`, index: 0 },
    middlewares: [],
    service: null,
    tombstone: [],
  };
  return claimOf(router, "spec.routes[0].match");
}

/** All problems there are, by the name they are told under. */
class Told {
  readonly problems = new Map<string, readonly Problem[]>();

  /** Takes what is new; in how many steps. */
  take(shadowing: Shadowing): number {
    let steps = 0;
    const told = allSteps(counted(shadowing.takeProblems(), () => steps++));
    for (const [about, problems] of told) {
      if (problems.length === 0) this.problems.delete(about);
      else this.problems.set(about, problems);
    }
    return steps;
  }

  unreachable(): readonly string[] {
    return [...this.problems.values()]
      .flat()
      .filter((one) => one.code === "Unreachable")
      .map((one) => one.object.name)
      .sort();
  }
}

function* counted<T>(steps: Generator<void, T>, count: () => void): Generator<void, T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    count();
    yield;
  }
}

function told(claims: readonly Claim[], placeMax?: number): Told {
  const shadowing = new Shadowing(placeMax);
  for (const one of claims) shadowing.add(one);
  const problems = new Told();
  problems.take(shadowing);
  return problems;
}

const HOSTS = ["a.test", "b.test", "x.a.test"];
const PATHS = ["/", "/a", "/a/b", "/ab"];
const hostTerm = fc.constantFrom(...HOSTS, "*.a.test", "*.test", "*").map((host) => `Host(\`${host}\`)`);
const pathTerm = fc
  .tuple(fc.constantFrom("Path", "PathPrefix", "PathSegmentPrefix"), fc.constantFrom(...PATHS))
  .map(([name, path]) => `${name}(\`${path}\`)`);
const otherTerm = fc.constantFrom(
  "Method(`GET`)",
  "!Method(`GET`)",
  "Header(`x`, `1`)",
  "HostRegexp(`^a`)",
  "HostRegexp(`.*`)",
  "PathRegexp(`^/a`)",
);
const conjunction = fc
  .tuple(fc.option(hostTerm, { freq: 5 }), fc.option(pathTerm), fc.option(otherTerm, { freq: 1 }))
  .map((terms) => terms.filter((term) => term !== null).join(" && ") || "Host(`*`)");
const text = fc.oneof(
  { weight: 4, arbitrary: conjunction },
  { weight: 1, arbitrary: fc.array(conjunction, { minLength: 2, maxLength: 3 }).map((each) => each.join(" || ")) },
);
const anyClaim = fc
  .record({
    name: fc.integer({ min: 0, max: 12 }),
    text,
    priority: fc.integer({ min: 1, max: 4 }),
    entryPoints: fc.subarray(["web", "websecure"], { minLength: 1 }),
  })
  .map(({ name, text, priority, entryPoints }) => claim(`r${name}`, text, priority, entryPoints));
const claims = fc.uniqueArray(anyClaim, { maxLength: 12, selector: (one) => one.router.id });

test("what is told after any edits is what is told of the same claims from nothing", { timeout: 60_000 }, () => {
  const edit = fc.oneof(
    anyClaim.map((put) => ({ put })),
    fc.integer({ min: 0, max: 12 }).map((drop) => ({ drop })),
  );
  let crowded = 0;
  fc.assert(
    fc.property(fc.array(fc.array(edit, { minLength: 1, maxLength: 5 }), { maxLength: 10 }), fc.nat(4), (batches, placeMax) => {
      const shadowing = new Shadowing(placeMax);
      const current = new Map<string, Claim>();
      const problems = new Told();
      for (const batch of batches) {
        for (const one of batch) {
          const id = "put" in one ? one.put.router.id : claim(`r${one.drop}`, "Host(`*`)").router.id;
          const former = current.get(id);
          if (former !== undefined) shadowing.remove(former);
          current.delete(id);
          if (!("put" in one)) continue;
          current.set(id, one.put);
          shadowing.add(one.put);
        }
        problems.take(shadowing);
        const fresh = told([...current.values()], placeMax).problems;
        expect(new Map([...problems.problems].sort())).toEqual(new Map([...fresh].sort()));
        crowded += [...fresh.values()].flat().filter((one) => one.code === "ReachUnknown").length;
      }
    }),
    { numRuns: 1_500 },
  );
  expect(crowded).toBeGreaterThan(100);
});

function facts(host: string, path: string, method: string, x: string): RequestFacts {
  return { host, path, method, clientAddress: "", headerValues: () => (x === "" ? [] : [x]), queryValues: () => [] };
}

const REQUESTS = [...HOSTS, "test", "c.test", ""].flatMap((host) =>
  [...PATHS, "/a/", "/a/b/c", "/abc", "/z", "*"].flatMap((path) =>
    ["GET", "POST"].flatMap((method) => ["", "1"].map((x) => facts(host, path, method, x))),
  ),
);

test("no request has a rule for its winner that is told to be unreachable", { timeout: 60_000 }, () => {
  let unreachable = 0;
  fc.assert(
    fc.property(claims, (all) => {
      const names = told(all).unreachable();
      unreachable += names.length;
      const ordered = all
        .toSorted((a, b) => compareRanks(a.router.rank, b.router.rank))
        .map(({ router }) => ({ router, isMatch: compileRule(router.rule, matchers) }));
      for (const entryPoint of ["web", "websecure"]) {
        const served = ordered.filter(({ router }) => router.entryPoints.includes(entryPoint));
        for (const request of REQUESTS) {
          const winner = served.find(({ isMatch }) => isMatch(request));
          if (winner !== undefined) expect(names).not.toContain(winner.router.origin.name);
        }
      }
    }),
    { numRuns: 400 },
  );
  expect(unreachable).toBeGreaterThan(300);
});

test("whoever is covered by one rule that ranks before it is told, wherever the two stand", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(claims, (all) => {
      const names = told(all).unreachable();
      for (const { router, key } of all) {
        const covering = all.filter(
          (other) =>
            compareRanks(other.router.rank, router.rank) < 0 &&
            router.entryPoints.every((name) => other.router.entryPoints.includes(name)) &&
            covers(other.router.rule, router.rule, matchers),
        );
        if (covering.length > 0 && covering.every((other) => other.key !== key)) expect(names).toContain(router.origin.name);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("whoever is covered is told by whom, best first and at most three by name", () => {
  const wide = ["a", "b", "c", "d", "e"].map((name) => claim(name, `Host(\`${name}.test\`)`, 50));
  const narrow = claim("narrow", ["e", "d", "c", "b", "a"].map((name) => `Host(\`${name}.test\`)`).join(" || "), 10);
  expect([...told([narrow, ...wide]).problems.values()]).toMatchObject([
    [
      {
        severity: "warning",
        object: { name: "narrow" },
        message:
          'No request reaches this rule: IngressRoute "one/a" (spec.routes[0].match), IngressRoute "one/b" (spec.routes[0].match), IngressRoute "one/c" (spec.routes[0].match) and 2 more cover it together and rank before it.',
      },
    ],
  ]);
});

test("a change looks anew at what is behind it and below it, and at nothing else", () => {
  const shadowing = new Shadowing();
  const all = Array.from({ length: 50 }, (_, host) =>
    Array.from({ length: 20 }, (_, path) => claim(`r${host}-${path}`, `Host(\`h${host}.test\`) && PathPrefix(\`/p${path}\`)`)),
  ).flat();
  for (const one of all) shadowing.add(one);
  const problems = new Told();
  expect(problems.take(shadowing)).toBeGreaterThanOrEqual(1_000);
  const lookedAt = (one: Claim) => {
    shadowing.add(one);
    return problems.take(shadowing);
  };
  // A step for its place, and one for itself; `/p1` and `/p10` to `/p19` with the same host where it ranks before them.
  expect(lookedAt(claim("new", "Host(`h1.test`) && PathPrefix(`/q`)", 99))).toBe(2);
  expect(lookedAt(claim("before", "Host(`h2.test`) && PathPrefix(`/p1`)", 99))).toBe(2 + 11);
  expect(lookedAt(claim("behind", "Host(`h3.test`) && PathPrefix(`/p1`)", 1))).toBe(2);
  expect(lookedAt(claim("last", "Host(`*`)", 1))).toBe(2);
  expect(problems.unreachable()).toHaveLength(11 + 1);
});

test("with more rules at one place than the limit, what these cover is not looked for, and one of them is told so", () => {
  const at = (count: number) =>
    Array.from({ length: count }, (_, index) => claim(`h${index}`, `HostRegexp(\`^h${index}\\.\`) && Method(\`GET\`)`, 50));
  const covered = claim("covered", "Host(`h7.test`) && Method(`GET`)", 1);
  expect(told([...at(128), covered]).unreachable()).toEqual(["covered"]);
  expect([...told([...at(129), covered]).problems.values()]).toMatchObject([
    [
      {
        code: "ReachUnknown",
        severity: "info",
        object: { name: "h0" },
        message: "More than 128 rules have host `*` and no plain path: which rules they keep requests from is not checked.",
      },
    ],
  ]);
});

test("a rule with too many alternatives is told not to be checked", () => {
  const many = Array.from({ length: 257 }, (_, index) => `Host(\`h${index}.test\`)`).join(" || ");
  expect([...told([claim("wide", "Host(`*`)", 99_999), claim("many", many)]).problems.values()]).toMatchObject([
    [{ code: "ReachUnknown", object: { name: "many" } }],
  ]);
});
