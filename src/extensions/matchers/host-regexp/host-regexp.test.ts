import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["^[a-z]+\\.example$", "a.example", true],
  ["^[a-z]+\\.example$", "a.b.example", false],
  ["example", "a.example.org", true],
  ["EXAMPLE", "a.example.org", false],
  ["(?i)EXAMPLE", "a.example.org", true],
  [".*", "", true],
  [".+", "", false],
])("HostRegexp(`%s`) on host %j gives %s", (pattern, host, expected) => {
  expect(fulfils(`HostRegexp(\`${pattern}\`)`, { host })).toBe(expected);
});

test("an expression that cannot be matched in linear time is refused as such", () => {
  expect(refusal("HostRegexp(`^(?!www).*`)")).toEqual([
    "InvalidRegex",
    'regular expression with look-ahead ("(?!") at column 12',
    "regular expressions have RE2 syntax, which has none: it keeps matching linear in time",
  ]);
});
