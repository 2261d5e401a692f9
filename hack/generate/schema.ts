import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { SourceError } from "./source-error.ts";

/** A node of an OpenAPI v3 schema as YAML gave it. */
export interface Schema {
  title?: string;
  description?: string;
  type?: string;
  properties?: { [name: string]: Schema };
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  pattern?: string;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-validations"?: { rule: string; message: string }[];
  [keyword: string]: unknown;
}

/** What we use of a CustomResourceDefinition. */
export interface Crd {
  kind: string;
  metadata: { name: string };
  spec: {
    group: string;
    scope: string;
    names: { kind: string; plural: string; shortNames?: string[] };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

/** What one YAML document says. Throws, naming `path`, when it does not parse. */
export function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new SourceError(`${path}: ${error.message}`);
  return document.toJS();
}

/** Reads one CRD. Throws, naming the file, when it is something else. */
export function readCrd(root: string, path: string): Crd {
  const crd = parseYaml(readFileSync(join(root, path), "utf8"), path) as Crd | null;
  if (crd?.kind !== "CustomResourceDefinition" || crd.spec?.versions?.[0]?.schema?.openAPIV3Schema === undefined) {
    throw new SourceError(`${path} is not a CustomResourceDefinition with a schema`);
  }
  return crd;
}

/** The schema of a CRD's only version. */
export function crdSchema(crd: Crd): Schema {
  return (crd.spec.versions[0] as Crd["spec"]["versions"][number]).schema.openAPIV3Schema;
}

/** A copy of a schema in which `change` has replaced every node, the innermost first. */
export function mapSchema(schema: Schema, change: (node: Schema) => Schema): Schema {
  const node = { ...schema };
  if (node.properties !== undefined) {
    node.properties = Object.fromEntries(
      Object.entries(node.properties).map(([name, child]) => [name, mapSchema(child, change)]),
    );
  }
  if (node.items !== undefined) node.items = mapSchema(node.items, change);
  if (typeof node.additionalProperties === "object") node.additionalProperties = mapSchema(node.additionalProperties, change);
  return change(node);
}

/** Every node of a schema, the outermost first. */
export function* nodesOf(schema: Schema): Generator<Schema> {
  yield schema;
  for (const child of Object.values(schema.properties ?? {})) yield* nodesOf(child);
  if (schema.items !== undefined) yield* nodesOf(schema.items);
  if (typeof schema.additionalProperties === "object") yield* nodesOf(schema.additionalProperties);
}

/** The schema of a field, as in `spec.routes[].services[]`; undefined when there is no such field. */
export function schemaAt(schema: Schema, path: string): Schema | undefined {
  let node: Schema | undefined = schema;
  for (const step of path.split(".")) {
    const name = step.replace(/\[\]$/, "");
    node = node?.properties?.[name];
    if (step.endsWith("[]")) node = node?.items;
  }
  return node;
}

/** What makes a schema with a title this type and no other: equal text, equal type. What a field says about itself is no part of it. */
export function typeIdentity({ description: _, ...schema }: Schema): string {
  return JSON.stringify(schema);
}
