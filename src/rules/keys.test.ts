import { expect, test } from "vitest";
import { type RuleKeys, ruleKeys } from "./keys.ts";
import { ROUTE_KEYS_MAX } from "./limits.ts";
import { parseRule } from "./parser.ts";
import { printRule } from "./printer.ts";
import { sampleMatchers } from "./sample-matchers.ts";

function keysOf(text: string): RuleKeys {
  const rule = parseRule(text, sampleMatchers);
  if (!rule.ok) throw new Error(rule.error.message);
  return ruleKeys(rule.value, sampleMatchers);
}

/** `hosts | paths | residual`, wildcards as `*.x`, prefixes as `/x…`. */
function shown({ hosts, paths, residual }: RuleKeys): string {
  const host = hosts === "any" ? "any" : hosts.map(({ form, value }) => (form === "exact" ? value : `*.${value}`)).join(" ");
  const path = paths === "any" ? "any" : paths.map(({ form, value }) => (form === "exact" ? value : `${value}…`)).join(" ");
  return `${host} | ${path} | ${residual === null ? "-" : printRule(residual)}`;
}

test.each([
  ["Host(`a`)", "a | any | -"],
  ["Host(`*.a`)", "*.a | any | -"],
  ["Host(`*`)", "any | any | -"],
  ["Path(`/x`)", "any | /x | -"],
  ["PathPrefix(`/x`)", "any | /x… | -"],
  ["Segments(`/x`)", "any | /x… | Segments(`/x`)"],
  ["HostPattern(`a`)", "any | any | HostPattern(`a`)"],
  ["Query(`a`)", "any | any | Query(`a`)"],
  ["Host(`a`) && PathPrefix(`/x`)", "a | /x… | -"],
  ["Host(`a`) && Segments(`/x`)", "a | /x… | Segments(`/x`)"],
  ["Host(`*`) && Path(`/x`)", "any | /x | -"],
  ["Host(`*`) && Host(`a`)", "a | any | -"],
  ["Host(`a`) && Path(`/x`) && Query(`q`)", "a | /x | Query(`q`)"],
  ["Host(`a`) && Host(`b`)", "a | any | Host(`b`)"],
  ["Host(`*.a`) && Host(`b.a`)", "b.a | any | Host(`*.a`)"],
  ["PathPrefix(`/x`) && PathPrefix(`/x/y`) && Host(`a`)", "a | /x/y… | PathPrefix(`/x`)"],
  ["PathPrefix(`/x`) && Path(`/x/y`)", "any | /x/y | PathPrefix(`/x`)"],
  ["Host(`a`) || Host(`*.b`)", "a *.b | any | -"],
  ["Host(`a`) || Host(`a`)", "a | any | -"],
  ["Host(`a`) || Host(`*`)", "any | any | -"],
  ["Host(`a`) || HostPattern(`b`)", "any | any | Host(`a`) || HostPattern(`b`)"],
  ["Host(`a`) || Path(`/x`)", "any | any | Host(`a`) || Path(`/x`)"],
  ["(Host(`a`) || Host(`b`)) && (Path(`/x`) || PathPrefix(`/y`))", "a b | /x /y… | -"],
  ["(Host(`a`) || Host(`b`)) && Segments(`/x`)", "a b | /x… | Segments(`/x`)"],
  ["Host(`a`) && Path(`/x`) || Host(`b`) && Path(`/y`)", "a b | /x /y | Host(`a`) && Path(`/x`) || Host(`b`) && Path(`/y`)"],
  ["Host(`a`) && Query(`q`) || Host(`b`)", "a b | any | Host(`a`) && Query(`q`) || Host(`b`)"],
  ["!Host(`a`)", "any | any | !Host(`a`)"],
  ["Host(`a`) && !Path(`/x`)", "a | any | !Path(`/x`)"],
  ["Host(`a`) && (Path(`/x`) || Query(`q`))", "a | any | Path(`/x`) || Query(`q`)"],
])("%s is kept at %s", (text, expected) => {
  expect(shown(keysOf(text))).toBe(expected);
});

test("a rule takes a bounded number of places in the index; beyond, its paths are tested by the rule", () => {
  const alternatives = (matcher: string, prefix: string, count: number) =>
    `(${Array.from({ length: count }, (_, i) => `${matcher}(\`${prefix}${i}\`)`).join(" || ")})`;
  const side = Math.sqrt(ROUTE_KEYS_MAX);

  const within = keysOf(`${alternatives("Host", "h", side)} && ${alternatives("Path", "/p", side)}`);
  expect(within.paths).toHaveLength(side);
  expect(within.residual).toBeNull();

  const beyond = keysOf(`${alternatives("Host", "h", side + 1)} && ${alternatives("Path", "/p", side)}`);
  expect(beyond.hosts).toHaveLength(side + 1);
  expect(beyond.paths).toBe("any");
  expect(beyond.residual).not.toBeNull();
});
