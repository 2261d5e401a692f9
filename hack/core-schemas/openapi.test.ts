import { expect, test } from "vitest";
import type { CoreKind } from "./kinds.ts";
import { type OpenApiSchema, toJsonSchema } from "./openapi.ts";

const SCHEMAS: Readonly<Record<string, OpenApiSchema>> = {
  "test.Thing": {
    description: "A thing.\n\nIt is e.g. useful. More info: https://example.com.",
    type: "object",
    required: ["spec"],
    "x-kubernetes-group-version-kind": [{ group: "test.dev", version: "v1", kind: "Thing" }],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      spec: { description: "what it does", allOf: [{ $ref: "#/components/schemas/test.Spec" }] },
    },
  },
  "test.Spec": {
    description: "Spec of a thing.",
    type: "object",
    properties: {
      port: { $ref: "#/components/schemas/test.IntOrString" },
      keys: { type: "object", additionalProperties: { type: "string", format: "byte" } },
      ports: { type: "array", items: { type: "integer", format: "int32" } },
    },
  },
  "test.IntOrString": { format: "int-or-string" },
};

function kind(bounds: CoreKind["bounds"]): CoreKind {
  return { groupVersion: "apis/test.dev/v1", schema: "test.Thing", bounds };
}

test("references are inlined, and a description beside one counts before its target's", () => {
  const spec = toJsonSchema(kind({}), SCHEMAS).properties?.spec;
  expect(spec?.description).toBe("what it does");
  expect(spec?.properties?.port).toEqual({ type: ["integer", "string"] });
});

test("a description is cut to its first sentence", () => {
  expect(toJsonSchema(kind({}), SCHEMAS).description).toBe("A thing.");
});

test("apiVersion, kind and metadata are required, and the first two are fixed", () => {
  const schema = toJsonSchema(kind({}), SCHEMAS);
  expect(schema.required).toEqual(["apiVersion", "kind", "metadata", "spec"]);
  expect(schema.properties?.apiVersion?.enum).toEqual(["test.dev/v1"]);
  expect(schema.properties?.kind?.enum).toEqual(["Thing"]);
});

test("bounds reach into lists", () => {
  const schema = toJsonSchema(kind({ "spec.ports": { maxItems: 2 }, "spec.ports[]": { minimum: 1 } }), SCHEMAS);
  expect(schema.properties?.spec?.properties?.ports).toEqual({
    type: "array",
    maxItems: 2,
    items: { type: "integer", minimum: 1, maximum: 2 ** 31 - 1 },
  });
});

test("a bound for a field that the API server does not know fails, so that none gets lost", () => {
  expect(() => toJsonSchema(kind({ "spec.prots": { maxItems: 2 } }), SCHEMAS)).toThrow("the API server knows no spec.prots");
});

test("binary data is base64, broken into lines or not", () => {
  const pattern = toJsonSchema(kind({}), SCHEMAS).properties?.spec?.properties?.keys?.additionalProperties?.pattern ?? "";
  for (const text of ["", "YQ==", "YWI=", "YWJj\nYWJj\n"]) expect(text).toMatch(new RegExp(pattern));
  for (const text of ["a b", "YQ===", "=YQ=", "ä"]) expect(text).not.toMatch(new RegExp(pattern));
});
