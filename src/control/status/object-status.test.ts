import fc from "fast-check";
import { expect, test } from "vitest";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { parseRule } from "../../rules/parser.ts";
import type { KindSchema } from "../validate/kind-catalog.ts";
import { KindCatalog } from "../validate/kind-catalog.ts";
import { conditionTime, cut, toConditions, transitionTimes } from "./conditions.ts";
import { HOSTS_MAX, hostsOf } from "./host-column.ts";
import { classStatus, controllerEntry, routeStatus, type StatusFrame } from "./object-status.ts";
import type { Programming } from "./programming.ts";
import { PROBLEM_BYTES_MAX, PROBLEMS_MAX, statusProblems } from "./status-problems.ts";

const REF = { kind: "IngressRoute", namespace: "shop", name: "a" };
const frame: StatusFrame = {
  controllerName: "fairway.dev/ingress-controller",
  observedGeneration: 7,
  before: new Map(),
  now: "2026-01-01T00:00:00Z",
};
const catalog = new KindCatalog();

/** What the schema has against a status; the spec is none of ours here. */
function objections(kind: string, status: unknown): readonly string[] {
  const schema = catalog.find("fairway.dev/v1alpha1", kind) as KindSchema;
  const object = { apiVersion: "fairway.dev/v1alpha1", kind, metadata: { name: "a" }, spec: {}, status };
  return schema
    .check(object)
    .filter(({ field }) => field.startsWith("status"))
    .map(({ field, message }) => `${field}: ${message}`);
}

const texts = fc.string({ maxLength: 6_000, unit: "binary" });
const anyProblems: fc.Arbitrary<readonly Problem[]> = fc.array(
  fc
    .tuple(
      fc.constantFrom("InvalidRule", "Conflict", "UnusedMiddleware", "ServiceNotFound", "ResourceRefused"),
      texts,
      texts,
      texts,
    )
    .map(([code, field, message, hint]) => problem(code as "Conflict", REF, field, message, hint)),
  { maxLength: 100 },
);
const programmings = fc.oneof(
  fc.constant<Programming>({ state: "programmed" }),
  texts.map((said): Programming => ({ state: "pending", running: 1, proxies: 2, said })),
  texts.map((reason): Programming => ({ state: "refused", refusal: { part: "it", reason }, refusing: 1, proxies: 2 })),
);

test("whatever is wrong with an object, its status is one the schema takes, and of bounded size", () => {
  fc.assert(
    fc.property(anyProblems, programmings, (problems, programming) => {
      const facts = { problems, hasEffect: true, programming, isCurrent: true };
      const status = routeStatus(facts, [], frame);
      expect(objections("IngressRoute", status)).toEqual([]);
      expect(objections("IngressRouteUDP", status)).toEqual([]);
      expect(objections("Middleware", { controllers: [controllerEntry(problems, "stripPrefix", frame)] })).toEqual([]);
      const own = { entryPoints: ["web"], proxies: { connected: 2, programmed: 1 } };
      expect(objections("FairwayClass", classStatus(facts, own, frame))).toEqual([]);
      expect(Buffer.byteLength(JSON.stringify(status.problems ?? []))).toBeLessThanOrEqual(PROBLEM_BYTES_MAX + 2 + PROBLEMS_MAX);
      expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(64 * 1024);
    }),
    { numRuns: 40 },
  );
});

test("the schema has something against a status that is not of its form", () => {
  expect(objections("IngressRoute", { conditions: [{ type: "Accepted" }] })).not.toEqual([]);
  expect(objections("Middleware", { controllers: [{ conditions: [] }] })).not.toEqual([]);
});

test("errors come first, and no more than the schema allows", () => {
  const many = Array.from({ length: 100 }, (_, index) =>
    problem(index === 99 ? "InvalidRule" : "Conflict", REF, `spec.routes[${index}]`, "Wrong."),
  );
  const kept = statusProblems(many);
  expect(kept).toHaveLength(PROBLEMS_MAX);
  expect(kept[0]).toEqual({ severity: "error", code: "InvalidRule", field: "spec.routes[99]", message: "Wrong." });
  expect(kept[1]?.field).toBe("spec.routes[0]");
});

test("a condition whose status stays keeps its time, and takes over reason and message", () => {
  const verdict = { type: "Accepted", status: "False", reason: "InvalidRule", message: "No." } as const;
  const first = toConditions([verdict], 1, new Map(), "2026-01-01T00:00:00Z");
  const second = toConditions([{ ...verdict, reason: "NotSupported" }], 2, transitionTimes(first), "2026-01-02T00:00:00Z");
  expect(second).toEqual([
    { ...verdict, reason: "NotSupported", observedGeneration: 2, lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
  const third = toConditions([{ ...verdict, status: "True" }], 3, transitionTimes(second), "2026-01-03T00:00:00Z");
  expect(third[0]?.lastTransitionTime).toBe("2026-01-03T00:00:00Z");
});

test("times are RFC 3339 in whole seconds", () => {
  expect(conditionTime(Date.UTC(2026, 10, 21, 14, 5, 6, 789))).toBe("2026-11-21T14:05:06Z");
});

test("a text is cut without breaking a character", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("abcd", 3)).toBe("ab…");
  expect(cut("a😀bc", 3)).toBe("a…");
});

test.each([
  ["Host(`a.example`)", ["a.example"]],
  ["Host(`a.example`) || Host(`*.b.example`) && PathPrefix(`/x`)", ["a.example", "*.b.example"]],
  ["HostRegexp(`^a\\d+$`)", ["/^a\\d+$/"]],
  ["PathPrefix(`/`)", []],
  ["!Host(`a.example`)", []],
  ["Host(`*`)", []],
])("the hosts of %s are %j", (text, hosts) => {
  const parsed = parseRule(text, matchers);
  if (!parsed.ok) throw new Error(parsed.error.message);
  expect(hostsOf([{ rule: parsed.value }, { rule: parsed.value }])).toEqual(hosts);
});

test("hosts are no more than the schema allows", () => {
  const routers = Array.from({ length: 100 }, (_, index) => ({
    rule: { op: "match" as const, matcher: "Host", args: [`h${index}.example`] },
  }));
  expect(hostsOf(routers)).toHaveLength(HOSTS_MAX);
});
