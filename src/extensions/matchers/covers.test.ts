import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../../model/rule.ts";
import { alternativesOf } from "../../rules/alternatives.ts";
import { compileRule } from "../../rules/compile.ts";
import { coveredBy, covers } from "../../rules/covers.ts";
import type { Matcher, MatcherTable } from "../../rules/matcher.ts";
import { parseRule } from "../../rules/parser.ts";
import { printRule } from "../../rules/printer.ts";
import { matchers as allMatchers } from "./registry.gen.ts";
import { factsOf, type RequestSample } from "./request-sample.ts";

/** The matchers, each of which reads the same arguments once: compiling regular expressions is most of the work here. */
const matchers: MatcherTable = new Map([...allMatchers].map(([name, matcher]) => [name, remembering(matcher)]));

function remembering(matcher: Matcher): Matcher {
  const parsed = new Map<string, ReturnType<Matcher["parse"]>>();
  const parse = (args: readonly string[]) => {
    const key = JSON.stringify(args);
    const known = parsed.get(key) ?? matcher.parse(args);
    parsed.set(key, known);
    return known;
  };
  return { ...matcher, parse };
}

function rule(text: string): Rule {
  const parsed = parseRule(text, matchers);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const doesCover = (wide: string, narrow: string): boolean => covers(rule(wide), rule(narrow), matchers);

test.each([
  // hosts
  ["Host(`a.test`)", "Host(`A.test.`)"],
  ["Host(`*.test`)", "Host(`a.test`)"],
  ["Host(`*`)", "Host(`a.test`)"],
  ["Host(`*`)", "Path(`/x`)"],
  ["HostRegexp(`^a\\.`)", "Host(`a.test`)"],
  ["HostRegexp(`.+`)", "Host(`*.test`)"],
  ["HostRegexp(`.*`)", "Path(`/x`)"],
  ["HostRegexp(`^a`)", "HostRegexp(`^a`) && Path(`/x`)"],
  // paths
  ["PathPrefix(`/`)", "Path(`/x`)"],
  ["PathPrefix(`/x`)", "PathPrefix(`/xy`)"],
  ["PathPrefix(`/x`)", "PathSegmentPrefix(`/x`)"],
  ["PathSegmentPrefix(`/x`)", "PathSegmentPrefix(`/x/y`)"],
  ["PathSegmentPrefix(`/x`)", "PathPrefix(`/x/`)"],
  ["PathSegmentPrefix(`/`)", "PathPrefix(`/x`)"],
  ["PathRegexp(`^/x/[0-9]+$`)", "Path(`/x/12`)"],
  ["PathRegexp(`.+`)", "PathSegmentPrefix(`/x`)"],
  // the rest
  ["Method(`get`)", "Method(`GET`) && Host(`a.test`)"],
  ["!Method(`POST`)", "Method(`GET`)"],
  ["Header(`X-A`, `1`)", "Header(`x-a`, `1`) && Header(`x-b`, `2`)"],
  ["HeaderRegexp(`x-a`, `^v`)", "Header(`x-a`, `v1`)"],
  ["Query(`q`)", "QueryRegexp(`q`)"],
  ["QueryRegexp(`q`, `[0-9]`)", "Query(`q`, `7`)"],
  ["ClientIP(`10.0.0.0/8`)", "ClientIP(`10.1.0.0/16`)"],
  ["ClientIP(`10.0.0.0/8`)", "ClientIP(`10.9.9.9`)"],
  ["ClientIP(`10.0.0.0/8`)", "ClientIP(`::ffff:10.1.0.0/112`)"],
  ["ClientIP(`2001:db8::/32`)", "ClientIP(`2001:db8:1::/48`)"],
  ["!ClientIP(`10.0.0.0/8`)", "ClientIP(`192.168.0.0/16`)"],
  // combinations
  ["Host(`a.test`)", "Host(`a.test`) && PathPrefix(`/x`) && Method(`GET`)"],
  ["Host(`a.test`) || Host(`b.test`)", "Host(`a.test`)"],
  ["Host(`a.test`) || Host(`b.test`)", "(Host(`b.test`) && Path(`/x`)) || (Host(`a.test`) && Path(`/y`))"],
  ["Host(`*.test`)", "(Host(`a.test`) || Host(`b.test`)) && Path(`/x`)"],
  ["!(Method(`GET`) && Path(`/x`))", "!Method(`GET`)"],
  ["!Path(`/x`)", "!PathPrefix(`/x`)"],
  ["!PathPrefix(`/x`)", "PathPrefix(`/y`)"],
  ["Host(`a.test`) && (Method(`GET`) || !Method(`GET`))", "Host(`a.test`)"],
  ["Path(`/x`)", "Host(`a.test`) && Host(`b.test`)"],
])("%s covers %s", (wide, narrow) => {
  expect(doesCover(wide, narrow)).toBe(true);
});

test.each([
  ["Host(`a.test`)", "Host(`*.test`)"],
  ["Host(`*.test`)", "Host(`a.b.test`)"],
  ["Host(`a.test`)", "Path(`/x`)"],
  ["HostRegexp(`.+`)", "Path(`/x`)"],
  ["PathPrefix(`/`)", "Host(`a.test`)"],
  ["PathSegmentPrefix(`/x`)", "PathPrefix(`/x`)"],
  ["PathPrefix(`/x/`)", "PathSegmentPrefix(`/x`)"],
  ["Path(`/x`)", "PathSegmentPrefix(`/x`)"],
  ["PathRegexp(`^/x`)", "PathPrefix(`/x`)"],
  ["Method(`GET`)", "!Method(`POST`)"],
  ["!Header(`x`, `1`)", "Header(`x`, `2`)"],
  ["Header(`x`, `1`)", "HeaderRegexp(`x`, `1`)"],
  ["HeaderRegexp(`x`, `.*`)", "Host(`a.test`)"],
  ["QueryRegexp(`q`, `^.*$`)", "QueryRegexp(`q`, `b`)"],
  ["ClientIP(`10.1.0.0/16`)", "ClientIP(`10.0.0.0/8`)"],
  ["ClientIP(`::/0`)", "Host(`a.test`)"],
  ["Host(`a.test`) && Path(`/x`)", "Host(`a.test`)"],
  ["Host(`a.test`)", "Host(`a.test`) || Host(`b.test`)"],
])("%s does not cover %s", (wide, narrow) => {
  expect(doesCover(wide, narrow)).toBe(false);
});

const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "*"];
const ADDRESSES = ["10.0.0.1", "10.1.2.3", "11.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db9::1", "::1"];

const term: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("a.test", "b.test", "*.a.test", "*.test", "x.a.test", "*").map((host) => `Host(\`${host}\`)`),
  fc.constantFrom(".*", ".+", "^a", "^[a-z]\\.test$").map((regex) => `HostRegexp(\`${regex}\`)`),
  fc
    .tuple(fc.constantFrom("Path", "PathPrefix", "PathSegmentPrefix"), fc.constantFrom("/", "/a", "/a/", "/a/b", "/ab"))
    .map(([name, path]) => `${name}(\`${path}\`)`),
  fc.constantFrom(".+", "^/a", "b$").map((regex) => `PathRegexp(\`${regex}\`)`),
  fc.constantFrom("GET", "POST").map((method) => `Method(\`${method}\`)`),
  fc.constantFrom("`1`", "`2`").map((value) => `Header(\`x\`, ${value})`),
  fc.constantFrom("1", "^$", ".*", ".+").map((regex) => `HeaderRegexp(\`x\`, \`${regex}\`)`),
  fc.constantFrom("", ", `1`", ", `2`").map((value) => `Query(\`q\`${value})`),
  fc.constantFrom("", ", `1`", ", `.*`", ", `^.*$`", ", `.+`").map((regex) => `QueryRegexp(\`q\`${regex})`),
  fc
    .constantFrom(
      "10.0.0.0/8",
      "10.1.0.0/16",
      "10.0.0.1",
      "0.0.0.0/0",
      "::/0",
      "::ffff:0:0/96",
      "::ffff:10.0.0.0/104",
      "2001:db8::/32",
    )
    .map((range) => `ClientIP(\`${range}\`)`),
);

/** Rules of few words, so that one often covers another. */
const anyRule: fc.Arbitrary<Rule> = fc
  .letrec<{ rule: string }>((tie) => ({
    rule: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      term,
      fc.array(tie("rule"), { minLength: 2, maxLength: 3 }).map((terms) => `(${terms.join(" && ")})`),
      fc.array(tie("rule"), { minLength: 2, maxLength: 3 }).map((terms) => `(${terms.join(" || ")})`),
      tie("rule").map((one) => `!${one}`),
    ),
  }))
  .rule.map(rule);

const request: fc.Arbitrary<RequestSample> = fc.record({
  host: fc.constantFrom("a.test", "b.test", "x.a.test", "test", "c.x.a.test", ""),
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom("GET", "POST", "PUT"),
  clientAddress: fc.constantFrom(...ADDRESSES),
  headers: fc.constantFrom({}, { x: ["1"] }, { x: ["2"] }, { x: ["2", "1"] }, { x: [""] }),
  query: fc.constantFrom({}, { q: ["1"] }, { q: ["2", ""] }, { q: [""] }, { q: ["\n"] }),
});

const requests = fc.array(request, { minLength: 20, maxLength: 20 });

test("a rule that is said to cover another is fulfilled by every request that fulfils the other", { timeout: 60_000 }, () => {
  let covered = 0;
  fc.assert(
    fc.property(anyRule, anyRule, requests, (wide, narrow, samples) => {
      if (!covers(wide, narrow, matchers)) return;
      covered++;
      const [isWide, isNarrow] = [compileRule(wide, matchers), compileRule(narrow, matchers)];
      for (const facts of samples.map(factsOf)) {
        if (isNarrow(facts)) expect(isWide(facts), `${printRule(wide)} covers ${printRule(narrow)}`).toBe(true);
      }
    }),
    { numRuns: 12_000 },
  );
  expect(covered).toBeGreaterThan(300);
});

test("rules that are said to cover another together leave no request that fulfils it", { timeout: 60_000 }, () => {
  let together = 0;
  fc.assert(
    fc.property(fc.array(anyRule, { minLength: 2, maxLength: 8 }), anyRule, requests, (wide, narrow, samples) => {
      const others = wide.flatMap((one) => alternativesOf(one, matchers) ?? []);
      const isWide = wide.map((one) => compileRule(one, matchers));
      for (const alternative of alternativesOf(narrow, matchers) ?? []) {
        const used = coveredBy(alternative, others);
        if (used === null) continue;
        if (used.length > 1) together++;
        const named = used.map((index) => others[index] ?? []);
        for (const facts of samples.map(factsOf)) {
          if (!alternative.every((literal) => literal.matches(facts) !== literal.isNegated)) continue;
          expect(isWide.some((test) => test(facts))).toBe(true);
          expect(named.some((one) => one.every((literal) => literal.matches(facts) !== literal.isNegated))).toBe(true);
        }
      }
    }),
    { numRuns: 3_000 },
  );
  expect(together).toBeGreaterThan(30);
});

test("whether rules cover another together does not depend on their order", () => {
  fc.assert(
    fc.property(fc.array(anyRule, { minLength: 2, maxLength: 6 }), anyRule, (wide, narrow) => {
      const others = wide.flatMap((one) => alternativesOf(one, matchers) ?? []);
      for (const alternative of alternativesOf(narrow, matchers) ?? []) {
        expect(coveredBy(alternative, others) === null).toBe(coveredBy(alternative, others.toReversed()) === null);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("the alternatives of a rule say what the rule says", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(anyRule, requests, (one, samples) => {
      const alternatives = alternativesOf(one, matchers);
      if (alternatives === null) return;
      const isFulfilled = compileRule(one, matchers);
      for (const facts of samples.map(factsOf)) {
        const said = alternatives.some((alternative) =>
          alternative.every((literal) => literal.matches(facts) !== literal.isNegated),
        );
        expect(said, printRule(one)).toBe(isFulfilled(facts));
      }
    }),
    { numRuns: 3_000 },
  );
});

test("rules that cover another together are named without those that can be spared", () => {
  const [alternative] = alternativesOf(rule("Host(`a.test`)"), matchers) ?? [];
  const others = ["Host(`a.test`) && Path(`/x`)", "Host(`a.test`) && Method(`GET`)", "!Method(`GET`)"].flatMap(
    (text) => alternativesOf(rule(text), matchers) ?? [],
  );
  expect(coveredBy(alternative ?? [], others)).toEqual([1, 2]);
});

test("a rule with more alternatives than the limit is not compared", () => {
  const either = (count: number, name: (index: number) => string) =>
    `(${Array.from({ length: count }, (_, index) => name(index)).join(" || ")})`;
  const product = (hosts: number) =>
    rule(`${either(hosts, (index) => `Host(\`h${index}.test\`)`)} && ${either(16, (index) => `Header(\`x-${index}\`, \`1\`)`)}`);
  expect(alternativesOf(product(16), matchers)).toHaveLength(256);
  expect(alternativesOf(product(17), matchers)).toBe(null);
  expect(covers(rule("Host(`*`)"), product(17), matchers)).toBe(false);
});

test("an alternative with more literals than the limit is not compared", () => {
  const headers = (count: number) =>
    rule(Array.from({ length: count }, (_, index) => `Header(\`x-${index}\`, \`1\`)`).join(" && "));
  expect(alternativesOf(headers(64), matchers)).toHaveLength(1);
  expect(alternativesOf(headers(65), matchers)).toBe(null);
});
