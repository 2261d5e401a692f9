import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["GET", "GET", true],
  ["get", "GET", true],
  ["GET", "get", false],
  ["GET", "HEAD", false],
  ["PROPFIND", "PROPFIND", true],
])("Method(`%s`) on %s gives %s", (wanted, method, expected) => {
  expect(fulfils(`Method(\`${wanted}\`)`, { method })).toBe(expected);
});

test("what cannot be a method is refused", () => {
  expect(refusal("Method(`GET, PUT`)")).toEqual(["InvalidRule", '"GET, PUT" is not a method at column 8', ""]);
});
