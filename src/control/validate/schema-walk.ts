import { closest, distance } from "fastest-levenshtein";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { compileCel } from "./cel.ts";
import { childField } from "./field-path.ts";
import type { FieldProblem, StructuralSchema } from "./structural-schema.ts";

/** A name further away than this from every known one gets no suggestion. */
const DISTANCE_MAX = 3;

type Visit = (schema: StructuralSchema, value: object, field: string) => readonly FieldProblem[];

/** Members the schema does not know, each with the nearest name it does. */
export function unknownFields(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walk(schema, value, "", (at, members, field) => {
    const known = at.properties;
    const isOpen = Boolean(at.additionalProperties) || at["x-kubernetes-preserve-unknown-fields"] === true;
    if (known === undefined || isOpen || Array.isArray(members)) return [];
    return Object.keys(members)
      .filter((name) => !Object.hasOwn(known, name))
      .map((name) => unknownField(childField(field, name), name, Object.keys(known)));
  });
}

/** Items that a list of distinct things holds twice (`x-kubernetes-list-type`). */
export function repeatedItems(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walk(schema, value, "", (at, items, field) => {
    const keys = at["x-kubernetes-list-map-keys"];
    if (!Array.isArray(items) || (at["x-kubernetes-list-type"] !== "set" && keys === undefined)) return [];
    const seen = new Map<string, number>();
    return items.flatMap((item: unknown, index) => {
      const identity = canonicalJson(keys === undefined ? item : keys.map((key) => (item as Record<string, unknown>)[key]));
      const first = seen.get(identity);
      if (first === undefined) seen.set(identity, index);
      const what = keys === undefined ? "The same value" : `The same ${keys.join(" and ")}`;
      return first === undefined ? [] : [violation(childField(field, index), `${what} as ${childField(field, first)}.`)];
    });
  });
}

/** What the CEL rules of a schema refuse. The value must hold to the rest of the schema. */
export function brokenRules(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walk(schema, value, "", (at, self, field) =>
    (at["x-kubernetes-validations"] ?? [])
      .filter((each) => !celRule(each.rule)(self))
      .map((each) =>
        violation(`${field}${each.fieldPath ?? ""}`.replace(/^\./, ""), each.message ?? `Breaks the rule ${each.rule}.`),
      ),
  );
}

const compiledRules = new Map<string, ReturnType<typeof compileCel>>();

/** A rule, compiled once; their number is that of the rules in our own schemas. */
function celRule(text: string): ReturnType<typeof compileCel> {
  const known = compiledRules.get(text);
  if (known !== undefined) return known;
  const rule = compileCel(text);
  compiledRules.set(text, rule);
  return rule;
}

/** Visits every object and list of a value together with its schema, parents first. */
function walk(schema: StructuralSchema, value: unknown, field: string, visit: Visit): FieldProblem[] {
  if (value === null || typeof value !== "object") return [];
  const found = [...visit(schema, value, field)];
  for (const [key, member] of Object.entries(value)) {
    const at = memberSchema(schema, key, Array.isArray(value));
    if (at !== undefined) found.push(...walk(at, member, childField(field, Array.isArray(value) ? Number(key) : key), visit));
  }
  return found;
}

function memberSchema(schema: StructuralSchema, key: string, isItem: boolean): StructuralSchema | undefined {
  if (isItem) return schema.items;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

function unknownField(field: string, name: string, known: readonly string[]): FieldProblem {
  const nearest = nearestName(name, known);
  const hint =
    nearest === undefined ? `Known here: ${[...known].sort().join(", ")}.` : `Did you mean ${JSON.stringify(nearest)}?`;
  return { code: "UnknownField", field, message: `Unknown field ${JSON.stringify(name)}.`, hint: known.length > 0 ? hint : "" };
}

/** The known name a misspelt one most likely stands for, if one is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || name.length > 100) return undefined;
  const sameLetters = known.find((each) => each.toLowerCase() === name.toLowerCase());
  const nearest = sameLetters ?? closest(name, [...known]);
  const isNear = distance(name, nearest) <= Math.min(DISTANCE_MAX, Math.ceil(name.length / 2));
  return sameLetters !== undefined || isNear ? nearest : undefined;
}

function violation(field: string, message: string): FieldProblem {
  return { code: "SchemaViolation", field, message, hint: "" };
}
