import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../../model/rule.ts";
import { compileRule, explainRule, ruleObstacle } from "../../rules/compile.ts";
import { type HostKey, type PathKey, ruleKeys } from "../../rules/keys.ts";
import { parseRule } from "../../rules/parser.ts";
import { printRule } from "../../rules/printer.ts";
import { matchers } from "./registry.gen.ts";
import { factsOf } from "./request-sample.ts";

/** Few words, so that rules and requests often meet. */
const HOSTS = ["example", "a.example", "b.a.example", "b.example", "other", ""];
const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/b", "*"];

const match = fc.oneof(
  matchOf("Host", "example", "a.example", "*.example", "*.a.example", "*", "A.Example."),
  matchOf("HostRegexp", "^a\\.", "example$", "."),
  matchOf("Path", "/", "/a", "/a/b"),
  matchOf("PathPrefix", "/", "/a", "/a/", "/b"),
  matchOf("PathSegmentPrefix", "/", "/a", "/a/", "/b"),
  matchOf("PathRegexp", "b$", "^/a"),
  matchOf("Method", "GET", "put"),
  matchOf("ClientIP", "192.0.2.0/24", "::/0"),
);

function matchOf(matcher: string, ...args: string[]): fc.Arbitrary<Rule> {
  return fc.constantFrom(...args).map((arg) => ({ op: "match", matcher, args: [arg] }));
}

const rules = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    match,
    fc.array(tie("rule"), { minLength: 2, maxLength: 4 }).map((terms) => list("and", terms)),
    fc.array(tie("rule"), { minLength: 2, maxLength: 4 }).map((terms) => list("or", terms)),
    tie("rule").map((term): Rule => ({ op: "not", term })),
  ),
})).rule;

function list(op: "and" | "or", terms: readonly Rule[]): Rule {
  return { op, terms: terms.flatMap((term) => (term.op === op ? term.terms : [term])) };
}

const requests = fc
  .record({
    host: fc.constantFrom(...HOSTS),
    path: fc.constantFrom(...PATHS),
    method: fc.constantFrom("GET", "PUT"),
    clientAddress: fc.constantFrom("192.0.2.1", "2001:db8::1"),
  })
  .map(factsOf);

function hostFits(host: string, key: HostKey): boolean {
  if (key.form === "exact") return host === key.value;
  const [label, ...rest] = host.split(".");
  return label !== "" && rest.join(".") === key.value;
}

function pathFits(path: string, key: PathKey): boolean {
  return key.form === "exact" ? path === key.value : path.startsWith(key.value);
}

test("a rule is true exactly when host and path fit its keys and the residual is true", () => {
  fc.assert(
    fc.property(rules, fc.array(requests, { minLength: 1, maxLength: 8 }), (rule, sample) => {
      const { hosts, paths, residual } = ruleKeys(rule, matchers);
      const wanted = compileRule(rule, matchers);
      const left = residual === null ? () => true : compileRule(residual, matchers);
      for (const facts of sample) {
        const inHosts = hosts === "any" || hosts.some((key) => hostFits(facts.host, key));
        const inPaths = paths === "any" || paths.some((key) => pathFits(facts.path, key));
        if (wanted(facts)) expect([inHosts, inPaths]).toEqual([true, true]);
        expect(inHosts && inPaths && left(facts)).toBe(wanted(facts));
      }
    }),
    { numRuns: 2000 },
  );
});

test("an explanation names a part of the rule exactly when the rule fails", () => {
  fc.assert(
    fc.property(rules, requests, (rule, facts) => {
      const failing = explainRule(rule, matchers, facts);
      expect(failing === null).toBe(compileRule(rule, matchers)(facts));
      if (failing !== null) expect(printRule(rule)).toContain(failing);
    }),
  );
});

test("rules of the real matchers are printed and read back the same, and have no obstacle", () => {
  fc.assert(
    fc.property(rules, (rule) => {
      expect(parseRule(printRule(rule), matchers)).toEqual({ ok: true, value: rule });
      expect(ruleObstacle(rule, matchers)).toBeNull();
    }),
  );
});

test("no text makes the matchers throw", () => {
  const name = fc.constantFrom(...matchers.keys());
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[\][(){}?*+.|^$\\a-z0-9:/%<>=!,-]{1,12}$/));
  fc.assert(
    fc.property(name, fc.array(text, { minLength: 1, maxLength: 2 }), (matcher, args) => {
      const written = printRule({ op: "match", matcher, args });
      const rule = parseRule(written, matchers);
      if (!rule.ok) expect(rule.error.message).not.toBe("");
    }),
    { numRuns: 2000 },
  );
});
