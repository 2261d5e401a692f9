import fc from "fast-check";
import { expect, test } from "vitest";
import { type KstatusResult, kstatus } from "../../../test/kubernetes/kstatus.ts";
import type { Problem } from "../../model/problem.ts";
import { PROBLEM_CODES, type ProblemCode, problem } from "../../model/problem-codes.ts";
import { routeStatus } from "./object-status.ts";
import { topicOf } from "./problem-topic.ts";
import type { Programming } from "./programming.ts";
import { type RouteFacts, routeVerdicts } from "./route-verdicts.ts";

const REF = { kind: "IngressRoute", namespace: "shop", name: "a" };
const PROGRAMMED: Programming = { state: "programmed" };
const PENDING: Programming = { state: "pending", running: 1, proxies: 3, said: "" };
const REFUSED: Programming = { state: "refused", refusal: { part: "the rule", reason: "no" }, refusing: 1, proxies: 2 };
const ERROR = problem("InvalidRule", REF, "spec.routes[0].match", "No.");
const MISSING = problem("ServiceNotFound", REF, "spec.routes[0].services[0]", "Service does not exist.");
const WARNING = problem("Conflict", REF, "spec.routes[0].match", "Another rule claims it.");

function facts(more: Partial<RouteFacts>): RouteFacts {
  return { problems: [], hasEffect: true, programming: PROGRAMMED, isCurrent: true, ...more };
}

function objectWith(more: Partial<RouteFacts>, generation = 3, observedGeneration = 3) {
  const frame = { controllerName: "test", observedGeneration, before: new Map(), now: "2026-01-01T00:00:00Z" };
  return { metadata: { generation }, status: routeStatus(facts(more), [], frame) };
}

test.each<[string, KstatusResult, Partial<RouteFacts>]>([
  ["all is well", "Current", {}],
  ["there are only warnings", "Current", { problems: [WARNING] }],
  ["proxies have still to answer", "InProgress", { programming: PENDING }],
  ["there are no proxies", "InProgress", { programming: { state: "noProxies" } }],
  ["proxies do not run yet what references lead to", "InProgress", { isCurrent: false }],
  ["something it names is missing", "InProgress", { problems: [MISSING] }],
  ["a rule of it is wrong", "Failed", { problems: [ERROR] }],
  ["all of it is wrong", "Failed", { problems: [ERROR], hasEffect: false }],
  ["it is wrong and misses something", "Failed", { problems: [MISSING, ERROR] }],
  ["it is wrong and proxies have still to answer", "Failed", { problems: [ERROR], programming: PENDING }],
  ["a proxy refuses it", "Failed", { programming: REFUSED }],
])("when %s, kstatus says %s", (_, expected, more) => {
  expect(kstatus(objectWith(more))).toBe(expected);
});

test("an older generation's status is in progress, whatever it says", () => {
  expect(kstatus(objectWith({}, 4, 3))).toBe("InProgress");
  expect(kstatus(objectWith({ problems: [ERROR] }, 4, 3))).toBe("InProgress");
});

test("an object that nobody has seen yet is in progress, by the schema's default", () => {
  expect(kstatus({ metadata: { generation: 1 }, status: { observedGeneration: -1 } })).toBe("InProgress");
});

const codes = fc.constantFrom(...(Object.keys(PROBLEM_CODES) as ProblemCode[]));
const fields = fc.constantFrom("", "spec.routes[0].match", "spec.routes[0].middlewares[1]", "spec.tls.secretName");
const problems: fc.Arbitrary<readonly Problem[]> = fc.array(
  fc.tuple(codes, fields).map(([code, field]) => problem(code, REF, field, "Something.")),
  { maxLength: 5 },
);
const programmings = fc.constantFrom<Programming>(PROGRAMMED, PENDING, REFUSED, { state: "noProxies" });

test("the conditions never contradict one another", () => {
  fc.assert(
    fc.property(problems, fc.boolean(), programmings, fc.boolean(), (found, hasEffect, programming, isCurrent) => {
      const verdicts = routeVerdicts({ problems: found, hasEffect, programming, isCurrent });
      const held = new Map(verdicts.map(({ type, status }) => [type, status]));
      const aspects = [held.get("Accepted"), held.get("ResolvedRefs"), held.get("Programmed")];
      const isReady = held.get("Ready") === "True";
      expect(held.size).toBe(verdicts.length);
      expect(isReady).toBe(isCurrent && aspects.every((status) => status === "True"));
      expect(held.has("Stalled") && held.has("Reconciling")).toBe(false);
      if (isReady) expect(held.has("Stalled") || held.has("Reconciling")).toBe(false);
      const errors = found.filter(({ severity }) => severity === "error");
      expect(held.get("Accepted")).toBe(errors.some((one) => topicOf(one) === "accepted") ? "False" : "True");
      expect(held.get("ResolvedRefs")).toBe(errors.some((one) => topicOf(one) === "references") ? "False" : "True");
      for (const { reason, message } of verdicts) {
        expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
        expect(message).not.toBe("");
      }
    }),
  );
});

test("a message names the first problem, what to write instead, and how many more there are", () => {
  const hinted = problem("InvalidRule", REF, "spec.routes[2].match", "No.", "Write yes.");
  const [accepted] = routeVerdicts(facts({ problems: [hinted, ERROR, WARNING] }));
  expect(accepted?.message).toBe("spec.routes[2].match: No. Write yes. (and 1 more problem)");
});

test.each([
  ["a middleware that cannot be used", "MiddlewareInvalid", "spec.routes[0].middlewares[1]", "references"],
  ["its own options", "MiddlewareInvalid", "spec.stripPrefix.prefixes", "accepted"],
  ["a field that is not supported", "NotSupported", "spec.routes[0].middlewares", "accepted"],
  ["a missing Secret", "SecretNotFound", "spec.tls.secretName", "references"],
] as const)("%s speaks to the condition it should", (_, code, field, topic) => {
  expect(topicOf({ code, field })).toBe(topic);
});
