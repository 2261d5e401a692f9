import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

const query = { page: ["1", "20"], debug: [""] };

test.each([
  ["`page`, `^[0-9]{2}$`", true],
  ["`page`, `^[a-z]+$`", false],
  ["`debug`, `.*`", true],
  ["`debug`, `.+`", false],
  ["`debug`", true],
  ["`page`", false],
  ["`absent`, `.*`", false],
])("QueryRegexp(%s) gives %s", (args, expected) => {
  expect(fulfils(`QueryRegexp(${args})`, { query })).toBe(expected);
});

test("a broken expression is refused where it stands", () => {
  expect(refusal("QueryRegexp(`page`, `(`)").slice(0, 2)).toEqual([
    "InvalidRegex",
    'invalid regular expression: missing closing ) ("(") at column 21',
  ]);
});
