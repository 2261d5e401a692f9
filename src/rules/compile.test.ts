import { expect, test } from "vitest";
import type { Rule } from "../model/rule.ts";
import { compileRule, explainRule, ruleObstacle } from "./compile.ts";
import type { Matcher, MatcherTable } from "./matcher.ts";
import { parseRule } from "./parser.ts";
import type { RequestFacts } from "./request-facts.ts";
import { sampleMatchers } from "./sample-matchers.ts";

const facts: RequestFacts = {
  host: "a.example",
  path: "/api/v1",
  method: "GET",
  clientAddress: "192.0.2.1",
  headerValues: () => [],
  queryValues: (name) => (name === "q" ? ["1", "2"] : []),
};

function rule(text: string): Rule {
  const parsed = parseRule(text, sampleMatchers);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

test.each([
  ["Host(`a.example`)", null],
  ["Host(`b.example`)", "Host(`b.example`)"],
  ["Host(`a.example`) && PathPrefix(`/api`) && Query(`q`, `2`)", null],
  ["Host(`a.example`) && PathPrefix(`/web`) && Query(`q`, `9`)", "PathPrefix(`/web`)"],
  ["Host(`a.example`) && (Path(`/x`) || Path(`/y`))", "Path(`/x`) || Path(`/y`)"],
  ["Host(`b.example`) || Path(`/api/v1`) || Path(`/x`)", null],
  ["Host(`a.example`) && !PathPrefix(`/api`)", "!PathPrefix(`/api`)"],
  ["!(Host(`a.example`) && Path(`/x`))", null],
  [
    "(Host(`a.example`) && Path(`/x`)) || (Host(`b`) && Path(`/y`))",
    "Host(`a.example`) && Path(`/x`) || Host(`b`) && Path(`/y`)",
  ],
  ["Host(`a.example`) && Segments(`/api`) && PathPrefix(`/`) && Query(`q`, `3`)", "Query(`q`, `3`)"],
])("%s fails at %s", (text, failing) => {
  expect(explainRule(rule(text), sampleMatchers, facts)).toBe(failing);
  expect(compileRule(rule(text), sampleMatchers)(facts)).toBe(failing === null);
});

test("cheap terms run first, whatever the order they are written in", () => {
  const calls: string[] = [];
  const spy = (name: string, cost: number, result: boolean): Matcher => ({
    name,
    arity: { min: 0, max: 0 },
    cost,
    parse: () => ({ ok: true, value: null }),
    test: () => {
      calls.push(name);
      return result;
    },
  });
  const spies: MatcherTable = new Map([
    ["Dear", spy("Dear", 16, true)],
    ["Middling", spy("Middling", 4, false)],
    ["Cheap", spy("Cheap", 1, true)],
  ]);
  const parsed = parseRule("Dear() && Middling() && Cheap()", spies);
  expect(parsed.ok && compileRule(parsed.value, spies)(facts)).toBe(false);
  expect(calls).toEqual(["Cheap", "Middling"]);
});

test("arguments are parsed when the rule is compiled, not when it is tried", () => {
  let parses = 0;
  const counting: Matcher = {
    name: "Counting",
    arity: { min: 1, max: 1 },
    parse: (args) => {
      parses++;
      return { ok: true, value: args };
    },
    test: () => true,
  };
  const predicate = compileRule({ op: "match", matcher: "Counting", args: ["x"] }, new Map([["Counting", counting]]));
  for (let i = 0; i < 10; i++) predicate(facts);
  expect(parses).toBe(1);
});

test("a rule of a newer version has an obstacle, and cannot be compiled", () => {
  const unknown: Rule = {
    op: "or",
    terms: [rule("Host(`a`)"), { op: "not", term: { op: "match", matcher: "Moon", args: ["full"] } }],
  };
  expect(ruleObstacle(unknown, sampleMatchers)).toBe('unknown matcher "Moon"');
  expect(() => compileRule(unknown, sampleMatchers)).toThrow('names known matchers, not "Moon"');
  expect(ruleObstacle({ op: "match", matcher: "Host", args: ["a", "b"] }, sampleMatchers)).toBe(
    "wrong number of arguments in Host(`a`, `b`)",
  );
  expect(ruleObstacle({ op: "match", matcher: "Path", args: ["b"] }, sampleMatchers)).toBe("no slash");
  expect(ruleObstacle(rule("Host(`a`) && !Path(`/`)"), sampleMatchers)).toBeNull();
});
