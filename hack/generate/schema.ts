import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A node of an OpenAPI v3 schema as YAML gave it. */
export interface Schema {
  title?: string;
  description?: string;
  type?: string;
  properties?: { [name: string]: Schema };
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
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

/** Reads one CRD. Throws, naming the file, when it is something else. */
export function readCrd(root: string, path: string): Crd {
  const crd = parse(readFileSync(join(root, path), "utf8")) as Crd;
  if (crd?.kind !== "CustomResourceDefinition" || crd.spec?.versions?.[0]?.schema?.openAPIV3Schema === undefined) {
    throw new Error(`${path} is not a CustomResourceDefinition with a schema`);
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
