import type { ErrorObject } from "ajv";
import { childField } from "./field-path.ts";
import { nearestName } from "./schema-walk.ts";
import type { FieldProblem } from "./structural-schema.ts";

/** Longest value a message quotes, in characters. */
const QUOTED_MAX = 60;

/** How a value is shown in a message: as JSON, or, where it may be secret, by its type alone. */
export type Quote = (value: unknown) => string;

export const quoteValue: Quote = (value) => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text;
};

export const quoteNothing: Quote = (value) => TYPES[jsonType(value)] ?? "a value";

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  null: "nothing",
};

/** Turns what ajv found (all errors, verbose) into one problem per mistake: what follows from another error is left out. */
export function schemaProblems(errors: readonly ErrorObject[], quote: Quote): readonly FieldProblem[] {
  const groups = errors.filter((each) => /^(?:anyOf|oneOf|not)$/.test(each.keyword)).map((each) => `${each.schemaPath}/`);
  const problems = new Map<string, FieldProblem>();
  for (const error of errors) {
    if (error.keyword === "propertyNames" || groups.some((group) => error.schemaPath.startsWith(group))) continue;
    const found = schemaProblem(error, quote);
    if (!problems.has(found.field)) problems.set(found.field, found);
  }
  return [...problems.values()];
}

function schemaProblem(error: ErrorObject, quote: Quote): FieldProblem {
  const field = fieldOf(error);
  const [message, hint = ""] = wording(error, quote);
  return { code: "SchemaViolation", field, message, hint };
}

function fieldOf(error: ErrorObject): string {
  const keys = error.instancePath.split("/").slice(1);
  const unescaped = keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const field = unescaped.reduce((parent, key) => childField(parent, /^\d+$/.test(key) ? Number(key) : key), "");
  if (error.propertyName !== undefined) return childField(field, error.propertyName);
  return error.keyword === "required" ? childField(field, String(error.params.missingProperty)) : field;
}

function wording(error: ErrorObject, quote: Quote): readonly [message: string, hint?: string] {
  const { keyword, params, data } = error;
  const limit: unknown = params.limit;
  const shown = error.propertyName === undefined ? quote(data) : `the name ${JSON.stringify(error.propertyName)}`;
  switch (keyword) {
    case "required":
      return ["Required, but missing."];
    case "type":
      return [`Expected ${typeNames(params.type)}, found ${shown}.`, typeHint(String(params.type), data, quote)];
    case "enum":
      return enumWording(params.allowedValues as readonly unknown[], data, shown);
    case "minimum":
      return [`${shown} is less than ${limit}, the least allowed.`];
    case "maximum":
      return [`${shown} is more than ${limit}, the most allowed.`];
    case "minLength":
      return [limit === 1 ? "Must not be empty." : `${shown} is shorter than ${limit} characters.`];
    case "maxLength":
      return [`Longer than ${limit} characters, the most allowed.`];
    case "minItems":
      return [`Needs at least ${count(limit, "item")}, has ${(data as readonly unknown[]).length}.`];
    case "maxItems":
      return [`Allows at most ${count(limit, "item")}, has ${(data as readonly unknown[]).length}.`];
    case "minProperties":
      return [`Needs at least ${count(limit, "field")}, has ${Object.keys(data as object).length}.`];
    case "maxProperties":
      return [`Allows at most ${count(limit, "field")}, has ${Object.keys(data as object).join(", ")}.`];
    case "pattern":
      return [`${shown} does not match ${params.pattern}.`];
    case "format":
      return [`${shown} is not ${FORMATS[String(params.format)] ?? `in the format ${params.format}`}.`];
    default:
      return [`${shown} ${error.message ?? `breaks ${keyword}`}.`];
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  int32: "a 32-bit integer",
  int64: "a 64-bit integer",
  "date-time": "a time as in 2026-01-31T12:00:00Z",
  byte: "base64",
};

function enumWording(allowed: readonly unknown[], data: unknown, shown: string): readonly [string, string] {
  const names = allowed.filter((each) => typeof each === "string");
  const nearest = typeof data === "string" ? nearestName(data, names) : undefined;
  const hint = nearest === undefined || allowed.length === 1 ? "" : `Did you mean ${JSON.stringify(nearest)}?`;
  return [
    `${shown} is not ${allowed.length > 1 ? "one of " : ""}${allowed.map((each) => JSON.stringify(each)).join(", ")}.`,
    hint,
  ];
}

function typeNames(type: unknown): string {
  const types = (Array.isArray(type) ? type : String(type).split(",")).filter((each) => each !== "null");
  return types.map((each) => TYPES[each] ?? each).join(" or ");
}

function typeHint(expected: string, data: unknown, quote: Quote): string {
  if (quote === quoteNothing) return "";
  if (expected === "string" && (typeof data === "number" || typeof data === "boolean")) return `Put it in quotes: "${data}".`;
  if (typeof data === "string" && /^(?:integer|number)$/.test(expected) && /^-?\d+$/.test(data))
    return `Leave out the quotes: ${data}.`;
  if (expected === "boolean" && typeof data === "string") return "Write true or false, without quotes.";
  if (expected === "array" && data !== null) return "Begin each item with a dash.";
  return "";
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function count(number: unknown, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
