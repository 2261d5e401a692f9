import { closest, distance } from "fastest-levenshtein";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { compileCel } from "./cel.ts";
import { childField } from "./field-path.ts";
import type { FieldProblem, StructuralSchema } from "./structural-schema.ts";

/** A name further away than this from every known one gets no suggestion. */
const DISTANCE_MAX = 3;

/** Looks at an object or list at a place, and adds what is wrong with it to `found`. */
type Visit = (schema: StructuralSchema, value: object, place: Place, found: FieldProblem[]) => void;

/** Where a walk is; null at the root. Only what is wrong needs its name. */
type Place = { readonly parent: Place; readonly key: string | number } | null;

/** Members the schema does not know, each with the nearest name it does. */
export function unknownFields(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walkAll(schema, value, EVERYWHERE, (at, members, place, found) => {
    const known = at.properties;
    const isOpen = Boolean(at.additionalProperties) || at["x-kubernetes-preserve-unknown-fields"] === true;
    if (known === undefined || isOpen || Array.isArray(members)) return;
    for (const name of Object.keys(members)) {
      if (!Object.hasOwn(known, name)) found.push(unknownField(childField(fieldOf(place), name), name, Object.keys(known)));
    }
  });
}

/** Items that a list of distinct things holds twice (`x-kubernetes-list-type`). */
export function repeatedItems(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walkAll(schema, value, LISTS, (at, items, place, found) => {
    if (!Array.isArray(items) || !isDistinct(at)) return;
    const keys = at["x-kubernetes-list-map-keys"];
    const seen = new Map<string, number>();
    for (const [index, item] of (items as readonly unknown[]).entries()) {
      const identity = canonicalJson(keys === undefined ? item : keys.map((key) => (item as Record<string, unknown>)[key]));
      const first = seen.get(identity);
      if (first === undefined) {
        seen.set(identity, index);
        continue;
      }
      const what = keys === undefined ? "The same value" : `The same ${keys.join(" and ")}`;
      const field = fieldOf(place);
      found.push(violation(childField(field, index), `${what} as ${childField(field, first)}.`));
    }
  });
}

/** What the CEL rules of a schema refuse. The value must hold to the rest of the schema. */
export function brokenRules(schema: StructuralSchema, value: unknown): readonly FieldProblem[] {
  return walkAll(schema, value, RULES, (at, self, place, found) => {
    for (const { rule, fieldPath = "", message } of at["x-kubernetes-validations"] ?? []) {
      if (celRule(rule)(self)) continue;
      found.push(violation(`${fieldOf(place)}${fieldPath}`.replace(/^\./, ""), message ?? `Breaks the rule ${rule}.`));
    }
  });
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

/** Which schemas a walk is about: it stays out of those below which there is none of them. */
class Concern {
  readonly #isMet: (schema: StructuralSchema) => boolean;
  readonly #known = new WeakMap<StructuralSchema, boolean>();

  constructor(isMet: (schema: StructuralSchema) => boolean) {
    this.#isMet = isMet;
  }

  /** Whether a schema, or one below it, is concerned. */
  reaches(schema: StructuralSchema): boolean {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const { properties = {}, items, additionalProperties } = schema;
    const below = [...Object.values(properties), items, additionalProperties].filter((each) => typeof each === "object");
    const reaches = this.#isMet(schema) || below.some((each) => this.reaches(each));
    this.#known.set(schema, reaches);
    return reaches;
  }
}

const EVERYWHERE = new Concern(() => true);
const LISTS = new Concern(isDistinct);
const RULES = new Concern((schema) => (schema["x-kubernetes-validations"]?.length ?? 0) > 0);

function isDistinct(schema: StructuralSchema): boolean {
  return schema["x-kubernetes-list-type"] === "set" || schema["x-kubernetes-list-map-keys"] !== undefined;
}

/** Visits the objects and lists of a value together with their schemas, parents first. */
function walkAll(schema: StructuralSchema, value: unknown, concern: Concern, visit: Visit): readonly FieldProblem[] {
  const found: FieldProblem[] = [];
  const walk = (at: StructuralSchema, container: object, place: Place): void => {
    visit(at, container, place, found);
    const isList = Array.isArray(container);
    for (const [key, member] of Object.entries(container)) {
      if (member === null || typeof member !== "object") continue;
      const below = memberSchema(at, key, isList);
      if (below !== undefined && concern.reaches(below)) walk(below, member, { parent: place, key: isList ? Number(key) : key });
    }
  };
  if (value !== null && typeof value === "object" && concern.reaches(schema)) walk(schema, value, null);
  return found;
}

function fieldOf(place: Place): string {
  return place === null ? "" : childField(fieldOf(place.parent), place.key);
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
