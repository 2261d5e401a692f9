import fc from "fast-check";
import { expect, test } from "vitest";
import { matchers } from "../extensions/matchers/registry.gen.ts";
import { assert } from "../kernel/assert.ts";
import { compileRule } from "../rules/compile.ts";
import { compileRegex } from "../rules/linear-regex.ts";
import { parseRule } from "../rules/parser.ts";
import { type ExampleRequest, examplesOf } from "./diff-examples.ts";
import { regexSamples } from "./diff-regex-sample.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { makeExchange, parseUrl } from "./explain-request.ts";

const [WEB] = DEFAULT_ENTRY_POINTS;
assert(WEB !== undefined, "there is an entry point");

/** Examples of a rule, each as `METHOD url headers`. */
function examples(text: string): readonly ExampleRequest[] {
  const rule = parseRule(text, matchers);
  if (!rule.ok) throw new Error(rule.error.message);
  const predicate = compileRule(rule.value, matchers);
  return examplesOf(rule.value, WEB as NonNullable<typeof WEB>, (request) => {
    const url = parseUrl(request.url);
    const made = url.ok ? makeExchange(request, url.value, WEB as NonNullable<typeof WEB>) : url;
    return made.ok && made.value.failure === null && predicate(made.value.exchange);
  });
}

const shown = ({ method, url, headers, clientIp }: ExampleRequest) => [method, url, ...headers, clientIp].join(" ");

test.each<[rule: string, expected: readonly string[]]>([
  ["Host(`a.test`)", ["GET http://a.test/ 192.0.2.1"]],
  ["Host(`*.a.test`) && PathPrefix(`/api`)", ["GET http://example.a.test/api 192.0.2.1"]],
  ["Host(`*`)", ["GET http://example.test/ 192.0.2.1"]],
  ["Host(`a.test`) || Host(`b.test`) && Path(`/x`)", ["GET http://a.test/ 192.0.2.1", "GET http://b.test/x 192.0.2.1"]],
  ["PathPrefix(`/a`) && PathPrefix(`/a/b`)", ["GET http://example.test/a/b 192.0.2.1"]],
  ["Method(`PUT`) && Header(`X-A`, `1`) && Query(`q`, `a b&c`)", ["PUT http://example.test/?q=a%20b%26c X-A: 1 192.0.2.1"]],
  ["ClientIP(`198.51.100.0/24`)", ["GET http://example.test/ 198.51.100.0"]],
  ["HostRegexp(`^preview-[0-9]+\\.`)", ["GET http://preview-0.example.test/ 192.0.2.1"]],
  ["PathRegexp(`^/files/[0-9]+$`)", ["GET http://example.test/files/0 192.0.2.1"]],
  ["PathRegexp(`\\.png$`)", ["GET http://example.test/.png 192.0.2.1"]],
  ["HeaderRegexp(`X-A`, `^(yes|on)$`) && QueryRegexp(`v`, `^[1-9]`)", ["GET http://example.test/?v=1 X-A: yes 192.0.2.1"]],
  ["Host(`a.test`) && !Method(`GET`)", ["POST http://a.test/ 192.0.2.1", "GET http://a.test/ 192.0.2.1"]],
  ["PathPrefix(`/a`) && !Path(`/a`)", ["GET http://example.test/a/example 192.0.2.1", "GET http://example.test/a 192.0.2.1"]],
  ["Host(`a.test`) && Host(`b.test`)", []],
])("%s has the examples %j", (rule, expected) => {
  expect(examples(rule).map(shown)).toEqual(expected);
});

test("every rule without a contradiction has an example", () => {
  const term = fc.constantFrom(
    "Host(`a.test`)",
    "PathPrefix(`/a`)",
    "(Method(`GET`) || Method(`POST`))",
    "Header(`X-A`, `1`)",
    "!Header(`X-B`, `1`)",
    "Query(`v`, `1`)",
    "!ClientIP(`192.0.2.0/24`)",
    "!Path(`/a`)",
    "!(Host(`b.test`) || Path(`/`))",
    "HostRegexp(`^[a-c]\\.test$`)",
  );
  fc.assert(
    fc.property(fc.uniqueArray(term, { minLength: 1, maxLength: 6 }), (terms) => {
      expect(examples(terms.join(" && "))).not.toEqual([]);
    }),
  );
});

test.each([
  "abc",
  "^/v[0-9]+/items$",
  "a|b|c",
  "^(?:en|de)-[a-z]{2,4}$",
  "(?i)^hello$",
  "(?P<id>\\d{3})-(?<name>\\w+)",
  "[^a-z]",
  "[^/]+\\.(png|jpe?g)$",
  "\\x41\\x{42}\\Qa.b\\E",
  "[[:alpha:]][[:digit:]]",
  "^$",
  ".*",
  "a{3}",
  "(a(b(c)?)*)+",
  "[\\]\\-]",
  "[]a]",
  "\\pL\\p{Greek}?",
  "x*?y+?",
])("a sample of %s matches it", (pattern) => {
  const regex = compileRegex(pattern);
  if (!regex.ok) throw new Error(regex.error.message);
  const samples = regexSamples(pattern);
  expect(samples.filter((sample) => regex.value.test(sample))).not.toEqual([]);
});

test("whatever is no expression has few samples, or none, and takes no time", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab(){}[]^$|*+?\\pQx0:<>,-9") }), (pattern) => {
      expect(regexSamples(pattern).length).toBeLessThanOrEqual(4);
    }),
    { numRuns: 1_000 },
  );
  expect(regexSamples("(".repeat(1_000))).toEqual([]);
  expect(regexSamples("((((a{64}){64}){64}){64}){64}")).toEqual([]);
  expect(regexSamples("(){99999999999}")).toEqual([""]);
});
