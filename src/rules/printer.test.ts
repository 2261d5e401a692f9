import { expect, test } from "vitest";
import { parseRule } from "./parser.ts";
import { printRule } from "./printer.ts";
import { sampleMatchers } from "./sample-matchers.ts";

test.each([
  ['host("a")&&(path("/b"))', "Host(`a`) && Path(`/b`)"],
  ["(Host(`a`)||Host(`b`))&&!(Path(`/`)||!Path(`/x`))", "(Host(`a`) || Host(`b`)) && !(Path(`/`) || !Path(`/x`))"],
  ["(Host(`a`)&&Path(`/`))||(Host(`b`))", "Host(`a`) && Path(`/`) || Host(`b`)"],
  ['Query("a`b","1")', 'Query("a`b", `1`)'],
])("%s is printed as %s", (text, canonical) => {
  const rule = parseRule(text, sampleMatchers);
  expect(rule.ok && printRule(rule.value)).toBe(canonical);
});
