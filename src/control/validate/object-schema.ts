import { Ajv } from "ajv";
import { RE2JS } from "re2js";
import { quoteNothing, quoteValue, schemaProblems } from "./schema-error.ts";
import { brokenRules, repeatedItems, unknownFields } from "./schema-walk.ts";
import type { FieldProblem, StructuralSchema } from "./structural-schema.ts";

/** Checks objects of one kind against their schema. */
export interface ObjectSchema {
  /** Every mistake: what the schema refuses, and members it does not know. */
  check(object: unknown): readonly FieldProblem[];
}

/** Compiles a schema; `secret` keeps values out of messages. */
export function compileSchema(schema: StructuralSchema, secret: boolean): ObjectSchema {
  const validate = ajv.compile(jsonSchema(schema) as object);
  const quote = secret ? quoteNothing : quoteValue;
  return {
    check(object) {
      const unknown = unknownFields(schema, object);
      if (!validate(object)) return [...unknown, ...schemaProblems(validate.errors ?? [], quote)];
      return [...unknown, ...repeatedItems(schema, object), ...brokenRules(schema, object)];
    },
  };
}

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: false,
  logger: false,
  code: { regExp: Object.assign(linearRegex, { code: "linearRegex" }) },
  formats: {
    int32: { type: "number", validate: (value: number) => value >= -(2 ** 31) && value < 2 ** 31 },
    int64: { type: "number", validate: (value: number) => value >= -(2 ** 63) && value < 2 ** 63 },
    "date-time": (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/i.test(text) && !Number.isNaN(Date.parse(text)),
    byte: /^[A-Za-z0-9+/\s]*={0,2}\s*$/,
  },
});

/**
 * A pattern that takes linear time: where groups repeat, the engine of the language may take exponential time.
 * ajv tells patterns apart by their `toString`.
 */
function linearRegex(pattern: string, flags: string): { test(text: string): boolean; toString(): string } {
  if (!/\)[*+{]/.test(pattern)) return new RegExp(pattern, flags);
  const compiled = RE2JS.compile(pattern);
  return { test: (text) => compiled.matcher(text).find(), toString: () => pattern };
}

/** The same schema as plain JSON schema. Rules in CEL, unknown fields and distinct items are checked beside it. */
function jsonSchema(schema: StructuralSchema): Readonly<Record<string, unknown>> {
  const converted: Record<string, unknown> = { ...schema };
  if (schema["x-kubernetes-int-or-string"] === true) {
    delete converted.anyOf;
    converted.type = ["integer", "string"];
  }
  if (schema.properties !== undefined) converted.properties = mapValues(schema.properties, jsonSchema);
  if (schema.items !== undefined) converted.items = jsonSchema(schema.items);
  if (typeof schema.additionalProperties === "object") converted.additionalProperties = jsonSchema(schema.additionalProperties);
  // Unknown members are told by their own check, which knows the nearest name.
  if (schema.additionalProperties === false) delete converted.additionalProperties;
  return converted;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
