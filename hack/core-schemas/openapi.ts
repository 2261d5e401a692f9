import type { CoreKind } from "./kinds.ts";

/** A schema as the API server publishes it (OpenAPI 3.0). */
export interface OpenApiSchema {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
  readonly required?: readonly string[];
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** JSON Schema (draft 7), the part of it that we write. */
export interface JsonSchema {
  $schema?: string;
  title?: string;
  description?: string;
  type?: string | readonly string[];
  required?: readonly string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  enum?: readonly string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

const PREFIX = "#/components/schemas/";
/** Standard base64; encoders may break lines. */
const BASE64 = "^[A-Za-z0-9+/\\r\\n]*(=[\\r\\n]*){0,2}$";
const DESCRIPTION_LENGTH_MAX = 240;

type Schemas = Readonly<Record<string, OpenApiSchema>>;

/** The schema of one kind with every reference inlined, its bounds added, and descriptions cut to their first sentence. */
export function toJsonSchema(kind: CoreKind, schemas: Schemas): JsonSchema {
  const source = resolve({ $ref: PREFIX + kind.schema }, schemas);
  const names = source["x-kubernetes-group-version-kind"]?.[0];
  if (names === undefined) throw new Error(`${kind.schema} is not a kind`);
  const schema = convert(source, schemas);
  for (const [path, bounds] of Object.entries(kind.bounds)) Object.assign(at(schema, path), bounds);
  const apiVersion = names.group === "" ? names.version : `${names.group}/${names.version}`;
  Object.assign(at(schema, "apiVersion"), { enum: [apiVersion] });
  Object.assign(at(schema, "kind"), { enum: [names.kind] });
  const required = ["apiVersion", "kind", "metadata", ...(schema.required ?? [])];
  return { $schema: "http://json-schema.org/draft-07/schema#", title: names.kind, ...schema, required };
}

/** Follows references; a description beside a reference counts before the one it points to. */
function resolve(schema: OpenApiSchema, schemas: Schemas): OpenApiSchema {
  const inner = schema.$ref !== undefined ? schemas[schema.$ref.slice(PREFIX.length)] : schema.allOf?.[0];
  if (inner === undefined) return schema;
  const { $ref, allOf, ...own } = schema;
  return { ...resolve(inner, schemas), ...own };
}

function convert(source: OpenApiSchema, schemas: Schemas): JsonSchema {
  const { description, type, format, required, properties, additionalProperties, items } = resolve(source, schemas);
  const schema: JsonSchema = {};
  if (description !== undefined) schema.description = firstSentence(description);
  if (format === "int-or-string") schema.type = ["integer", "string"];
  else if (type !== undefined) schema.type = type;
  if (format === "byte") schema.pattern = BASE64;
  if (format === "int32") Object.assign(schema, { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 });
  if (required !== undefined) schema.required = required;
  if (properties !== undefined)
    schema.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, convert(property, schemas)]),
    );
  if (additionalProperties !== undefined) schema.additionalProperties = convert(additionalProperties, schemas);
  if (items !== undefined) schema.items = convert(items, schemas);
  return schema;
}

function firstSentence(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const sentence = /^.*?[.](?= [A-Z]|$)/.exec(line)?.[0] ?? line;
  return sentence.length <= DESCRIPTION_LENGTH_MAX ? sentence : `${sentence.slice(0, DESCRIPTION_LENGTH_MAX - 1).trimEnd()}…`;
}

/** The part of a schema that a path such as `spec.rules[].host` names. */
function at(schema: JsonSchema, path: string): JsonSchema {
  let here: JsonSchema | undefined = schema;
  for (const step of path.split(".")) {
    here = here?.properties?.[step.replaceAll("[]", "")];
    for (const _ of step.matchAll(/\[\]/g)) here = here?.items;
  }
  if (here === undefined) throw new Error(`the API server knows no ${path}`);
  return here;
}
