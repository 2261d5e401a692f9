import type { Schema } from "../../hack/generate/schema.ts";

/** One field of a kind, as in `spec.routes[].services[].headers{}`: `[]` are the items of a list, `{}` the values of a map. */
export interface SchemaNode {
  readonly path: string;
  readonly schema: Schema;
}

/** Every node of a schema but its root, parents first. */
export function schemaNodes(root: Schema): SchemaNode[] {
  const nodes: SchemaNode[] = [];
  const visit = (path: string, schema: Schema): void => {
    nodes.push({ path, schema });
    walk(path, schema);
  };
  const walk = (path: string, schema: Schema): void => {
    for (const [name, child] of Object.entries(schema.properties ?? {})) visit(path === "" ? name : `${path}.${name}`, child);
    if (schema.items !== undefined) visit(`${path}[]`, schema.items);
    if (typeof schema.additionalProperties === "object") visit(`${path}{}`, schema.additionalProperties);
  };
  walk("", root);
  return nodes;
}
