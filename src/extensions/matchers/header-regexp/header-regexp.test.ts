import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

const headers = { accept: ["text/html", "application/json;q=0.9"] };

test.each([
  ["Accept", "application/json", true],
  ["Accept", "^application/json$", false],
  ["Accept", "^text/", true],
  ["accept", "^image/", false],
  ["Other", ".*", false],
])("HeaderRegexp(`%s`, `%s`) gives %s when it matches in some value", (name, pattern, expected) => {
  expect(fulfils(`HeaderRegexp(\`${name}\`, \`${pattern}\`)`, { headers })).toBe(expected);
});

test("a wrong name and a wrong expression are each refused where they stand", () => {
  expect(refusal("HeaderRegexp(`Host`, `a`)")).toEqual([
    "InvalidRule",
    "HeaderRegexp cannot see the Host header at column 14",
    "use HostRegexp",
  ]);
  expect(refusal("HeaderRegexp(`Accept`, `[`)").slice(0, 2)).toEqual([
    "InvalidRegex",
    'invalid regular expression: missing closing ] ("[") at column 24',
  ]);
});
