import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["^/v[0-9]+/", "/v12/users", true],
  ["^/v[0-9]+/", "/api/v12/users", false],
  ["/v[0-9]+/", "/api/v12/users", true],
  ["\\.(jpe?g|png)$", "/a/b.jpeg", true],
  ["\\.(jpe?g|png)$", "/a/b.JPEG", false],
  ["(?i)\\.(jpe?g|png)$", "/a/b.JPEG", true],
])("PathRegexp(`%s`) on path %j gives %s", (pattern, path, expected) => {
  expect(fulfils(`PathRegexp(\`${pattern}\`)`, { path })).toBe(expected);
});

test("a broken expression is refused", () => {
  expect(refusal("PathRegexp(`/a(`)")).toEqual([
    "InvalidRegex",
    'invalid regular expression: missing closing ) ("/a(") at column 12',
    "regular expressions have RE2 syntax",
  ]);
});
