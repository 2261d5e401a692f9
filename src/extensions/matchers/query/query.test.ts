import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

const query = { page: ["1", "2"], debug: [""] };

test.each([
  ["`page`, `2`", true],
  ["`page`, `3`", false],
  ["`Page`, `2`", false],
  ["`page`", false],
  ["`debug`", true],
  ["`absent`", false],
])("Query(%s) gives %s", (args, expected) => {
  expect(fulfils(`Query(${args})`, { query })).toBe(expected);
});

test("more than two arguments are refused", () => {
  expect(refusal("Query(`a`, `b`, `c`)")[1]).toBe("Query takes 1 to 2 arguments, not 3 at column 1");
});
