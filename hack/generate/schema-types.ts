import { compile } from "json-schema-to-typescript";
import { kebabCase } from "./names.ts";
import { BANNER } from "./registries.ts";
import { type Crd, crdSchema, mapSchema, type Schema, typeIdentity } from "./schema.ts";

/** Where the types of the CRDs live, relative to the checkout. */
export const TYPES_FOLDER = "src/schema/gen";

/** Keywords that say which values are allowed: of no interest to types, and misread as unions when left in. */
const VALUE_RULES = ["anyOf", "oneOf", "allOf", "not"];

/**
 * The types of one CRD: path and text. The interface named like the kind is what a StoredObject of it has for a body: everything
 * beside apiVersion, kind and metadata.
 */
export async function schemaTypes(crd: Crd): Promise<readonly [path: string, text: string]> {
  const kind = crd.spec.names.kind;
  const text = await compile(bodySchema(crd) as Parameters<typeof compile>[0], kind, {
    bannerComment: BANNER,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: false,
    style: { printWidth: 130, bracketSpacing: true },
  });
  return [`${TYPES_FOLDER}/${kebabCase(kind)}.ts`, text];
}

function bodySchema(crd: Crd): Schema {
  const { apiVersion, kind, metadata, ...properties } = crdSchema(crd).properties ?? {};
  const seen = new Map<string, Schema>();
  return mapSchema({ ...crdSchema(crd), title: crd.spec.names.kind, properties }, (node) => once(forTypes(node), seen));
}

function forTypes(node: Schema): Schema {
  const kept = Object.fromEntries(Object.entries(node).filter(([keyword]) => !VALUE_RULES.includes(keyword))) as Schema;
  if (kept["x-kubernetes-int-or-string"] === true) return { description: kept.description ?? "", tsType: "number | string" };
  if (kept["x-kubernetes-preserve-unknown-fields"] === true) kept.additionalProperties = true;
  return kept;
}

/** One object for all equal schemas with a title, so that they become one interface and not several numbered ones. */
function once(node: Schema, seen: Map<string, Schema>): Schema {
  if (node.title === undefined) return node;
  const first = seen.get(typeIdentity(node)) ?? node;
  seen.set(typeIdentity(node), first);
  return first.description === node.description ? first : { description: node.description ?? "", allOf: [first] };
}
