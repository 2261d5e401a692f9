import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

const headers = { "x-tenant": ["blue", "Green"] };

test.each([
  ["X-Tenant", "blue", true],
  ["x-tenant", "Green", true],
  ["X-Tenant", "green", false],
  ["X-Tenant", "blu", false],
  ["X-Other", "blue", false],
])("Header(`%s`, `%s`) gives %s when some value is it", (name, value, expected) => {
  expect(fulfils(`Header(\`${name}\`, \`${value}\`)`, { headers })).toBe(expected);
});

test("a header is named by a token, and Host is not among the headers", () => {
  expect(refusal("Header(`X Tenant`, `a`)")).toEqual(["InvalidRule", '"X Tenant" is not a header name at column 8', ""]);
  expect(refusal("Header(`HOST`, `a.example`)")).toEqual([
    "InvalidRule",
    "Header cannot see the Host header at column 8",
    "use Host",
  ]);
  expect(refusal("Header(`X-Tenant`)")[1]).toBe("Header takes 2 arguments, not 1 at column 1");
});
