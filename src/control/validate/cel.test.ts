import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { compileCel } from "./cel.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const holds = (rule: string, self: unknown): boolean => compileCel(rule)(self);

test.each<[string, unknown, boolean]>([
  ["has(self.a)", { a: 1 }, true],
  ["has(self.a)", {}, false],
  ["has(self.a) != has(self.b)", { a: 1, b: 1 }, false],
  ["!has(self.a) || self.a == 'x'", { a: "x" }, true],
  ["!(has(self.a) && self.a)", { a: true }, false],
  ["self.a.size() == 2 && size(self.b) == 1", { a: "äö", b: { c: 1 } }, true],
  ["self.all(a, self.exists_one(b, a == b))", [1, 2, 2], false],
  ["self.all(a, self.exists_one(b, a == b))", [1, 2], true],
  ["self.exists(a, a > 1)", [1, 2], true],
  ["self.filter(a, a > 1).size() == 1", [1, 2], true],
  ["self.map(a, a.n) == ['x', 'y']", [{ n: "x" }, { n: "y" }], true],
  ["self.a in ['x', \"y\"]", { a: "y" }, true],
  ["'k' in self", { k: 1 }, true],
  ["(has(self.p) ? self.p : 'TCP') == 'TCP'", {}, true],
  ["self.a[1] == 5", { a: [4, 5] }, true],
  ["self.a <= self.b", { a: "VersionTLS12", b: "VersionTLS13" }, true],
  ["self.startsWith('/') && !self.endsWith('/') && self.contains('b')", "/abc", true],
  ["self.matches('^a+$')", "aaa", true],
  ["self == true || 1 < 2 && false", true, true],
])("%s of %j is %s", (rule, self, expected) => {
  expect(holds(rule, self)).toBe(expected);
});

test("what is not there is an error, which refuses the object", () => {
  expect(holds("self.a == 1", {})).toBe(false);
  expect(holds("!(self.a == 1)", {})).toBe(false);
});

test("an error on one side does not count when the other side decides", () => {
  expect(holds("self.a == 1 || true", {})).toBe(true);
  expect(holds("!(self.a == 1 && false)", {})).toBe(true);
  expect(holds("self.a == 1 || false", {})).toBe(false);
});

test.each(["self.", "self.a(1)", "lenght(self)", "self ~ 1", "self.all(1, true)", "(self", "'a"])("%s is refused", (rule) => {
  expect(() => compileCel(rule)).toThrow(SyntaxError);
});

test("every rule of every CRD is understood, and says what to do in words of its own", () => {
  const crds = new URL("../../../crds/", import.meta.url);
  let rules = 0;
  for (const file of readdirSync(crds).filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml")) {
    const { spec } = parse(readFileSync(new URL(file, crds), "utf8")) as {
      readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: StructuralSchema } }[] };
    };
    for (const { schema } of spec.versions) rules += understood(schema.openAPIV3Schema, file);
  }
  expect(rules).toBeGreaterThan(40);
});

/** Number of rules in a schema; fails on the first that is not understood. */
function understood(schema: StructuralSchema, at: string): number {
  const rules = schema["x-kubernetes-validations"] ?? [];
  for (const { rule, message } of rules) {
    expect(() => compileCel(rule), `${at}: ${rule}`).not.toThrow();
    expect(message, `${at}: ${rule}`).toMatch(/\w/);
  }
  const parts: [string, StructuralSchema | boolean | undefined][] = [
    ...Object.entries(schema.properties ?? {}),
    ["[]", schema.items],
    ["{}", schema.additionalProperties],
  ];
  return parts.reduce(
    (sum, [name, part]) => sum + (typeof part === "object" ? understood(part, `${at}.${name}`) : 0),
    rules.length,
  );
}
