import { expect, test } from "vitest";
import { parseRule } from "./parser.ts";
import { sampleMatchers } from "./sample-matchers.ts";
import { specificity } from "./specificity.ts";

test.each([
  ["Host(`a`)", [3, 0, 0, 0]],
  ["Host(`*.a`)", [2, 0, 0, 0]],
  ["HostPattern(`a`)", [1, 0, 0, 0]],
  ["Host(`*`)", [0, 0, 0, 0]],
  ["Path(`/abc`)", [0, 3, 4, 0]],
  ["PathPrefix(`/é`)", [0, 2, 3, 0]],
  ["Segments(`/ab`)", [0, 2, 3, 0]],
  ["Query(`a`)", [0, 0, 0, 1]],
  ["Host(`a`) && PathPrefix(`/ab`) && Query(`a`) && !Query(`b`)", [3, 2, 3, 2]],
  ["PathPrefix(`/abcdef`) && Path(`/a`)", [0, 3, 2, 0]],
  ["PathPrefix(`/a`) && PathPrefix(`/abc`)", [0, 2, 4, 0]],
  ["Host(`a`) || Host(`*.b`)", [2, 0, 0, 0]],
  ["Host(`a`) && Path(`/a`) || Host(`a`)", [3, 0, 0, 0]],
  ["Host(`a`) && (Path(`/abc`) || PathPrefix(`/a`))", [3, 2, 2, 0]],
  ["!(Host(`a`) && Path(`/a`))", [0, 0, 0, 1]],
])("%s has host, path, path length and predicates %j", (text, expected) => {
  const rule = parseRule(text, sampleMatchers);
  if (!rule.ok) throw new Error(rule.error.message);
  const { host, path, pathLength, predicates } = specificity(rule.value, sampleMatchers);
  expect([host, path, pathLength, predicates]).toEqual(expected);
});
