import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileSchema } from "../src/control/validate/object-schema.ts";
import { schemaNodes } from "../test/cluster/schema-nodes.ts";
import { VIOLATIONS } from "../test/cluster/violations.ts";
import { type Crd, crdSchema, readCrd, type Schema, schemaAt } from "./generate/schema.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const FILES = readdirSync(`${ROOT}crds`).filter((file) => file.endsWith("s.yaml"));
const CRDS = FILES.map((file) => [file, readCrd(ROOT, `crds/${file}`)] as const);
const SHARED_KINDS = [
  "Middleware",
  "MiddlewareTCP",
  "TLSOption",
  "TLSStore",
  "ServersTransport",
  "ServersTransportTCP",
  "FairwayService",
];
/** Short names of Kubernetes itself, and of what is often installed beside us. */
const TAKEN = ["ing", "svc", "ns", "po", "cm", "ep", "ev", "sc", "gw", "gtw", "cert", "hr", "ks", "app", "ir", "tr"];

function kindOf(name: string): Crd {
  const found = CRDS.find(([, crd]) => crd.spec.names.kind === name)?.[1];
  if (found === undefined) throw new Error(`there is no kind ${name}`);
  return found;
}

function fieldOf(kind: string, path: string): Schema {
  const schema = schemaAt(crdSchema(kindOf(kind)), path);
  if (schema === undefined) throw new Error(`${kind} has no ${path}`);
  return schema;
}

/** What must be equal: everything but what the field means there. */
function shape(schema: Schema): Schema {
  const { description, title, ...rest } = schema;
  return rest;
}

test("crds/kustomization.yaml lists every kind", () => {
  const { resources }: { resources: string[] } = parse(readFileSync(`${ROOT}crds/kustomization.yaml`, "utf8"));
  expect(resources.toSorted()).toEqual(FILES.toSorted());
});

test("no two kinds share a short name, and none takes a usual one", () => {
  const names = CRDS.flatMap(([, crd]) => crd.spec.names.shortNames ?? []);
  expect(new Set(names).size).toBe(CRDS.length);
  expect(names.filter((name) => TAKEN.includes(name))).toEqual([]);
});

describe.each(CRDS)("crds/%s", (_file, crd) => {
  const nodes = schemaNodes(crdSchema(crd));

  test("describes every field in sentences", () => {
    const fields = nodes.filter(
      ({ path, schema }) => path !== "metadata" && (!/[\]}]$/.test(path) || schema.properties !== undefined),
    );
    expect(
      fields.filter(({ schema }) => !/^[\p{Lu}\p{Ll}0-9*].*\.$/su.test(schema.description ?? "")).map(({ path }) => path),
    ).toEqual([]);
  });

  test("says the default of every optional field of the spec that is a plain value", () => {
    const required = new Set(nodes.flatMap(({ path, schema }) => (schema.required ?? []).map((name) => `${path}.${name}`)));
    const optional = nodes.filter(
      ({ path, schema }) =>
        path.startsWith("spec.") && !required.has(path) && /^(boolean|integer)$/.test(schema.type ?? "") && !/[\]}]$/.test(path),
    );
    const silent = optional.filter(({ schema }) => !/Default|Deprecated|0 or absent|Absent/.test(schema.description ?? ""));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("bounds every list, map and text from above, and every number from below", () => {
    const unbounded = nodes.filter(({ path, schema }) => {
      if (!path.startsWith("spec.") || schema["x-kubernetes-preserve-unknown-fields"] === true) return false;
      if (schema.type === "array") return schema.maxItems === undefined;
      if (schema.type === "object") return schema.additionalProperties !== undefined && schema.maxProperties === undefined;
      if (schema.type === "string") return schema.maxLength === undefined && schema.enum === undefined;
      return schema.type === "integer" && schema.minimum === undefined;
    });
    expect(unbounded.map(({ path }) => path)).toEqual([]);
  });

  test("names every object of the schema, and gives one name to one form only", () => {
    const objects = nodes.filter(({ schema }) => schema.properties !== undefined);
    expect(objects.filter(({ schema }) => schema.title === undefined).map(({ path }) => path)).toEqual([]);
    const forms = new Map<string, Schema>();
    for (const { schema } of objects) {
      const known = forms.get(schema.title ?? "");
      if (known === undefined) forms.set(schema.title ?? "", schema);
      else expect(shape(schema), schema.title).toEqual(shape(known));
    }
  });

  test("has a status subresource with conditions, problems and the generation they speak of", () => {
    const shared = SHARED_KINDS.includes(crd.spec.names.kind);
    const base = shared ? "status.controllers[]" : "status";
    for (const field of ["conditions", "problems", "observedGeneration"]) fieldOf(crd.spec.names.kind, `${base}.${field}`);
    expect(crd.spec.versions.map((version) => (version as { subresources?: unknown }).subresources)).toEqual([{ status: {} }]);
  });
});

test("a service is named in one form, wherever it is named", () => {
  const service = shape(fieldOf("IngressRoute", "spec.routes[].services[]"));
  expect(shape(fieldOf("FairwayService", "spec.weighted.services[]"))).toEqual(service);
  expect(shape(fieldOf("Middleware", "spec.errors.service"))).toEqual(service);
});

test("the status has one form among the kinds of routes, and one among the shared kinds", () => {
  for (const kind of ["IngressRouteTCP", "IngressRouteUDP"])
    for (const field of ["conditions", "problems", "observedGeneration"])
      expect(shape(fieldOf(kind, `status.${field}`)), kind).toEqual(shape(fieldOf("IngressRoute", `status.${field}`)));
  for (const kind of SHARED_KINDS)
    for (const field of ["controllerName", "conditions", "problems", "observedGeneration"])
      expect(shape(fieldOf(kind, `status.controllers[].${field}`)), kind).toEqual(
        shape(fieldOf("TLSOption", `status.controllers[].${field}`)),
      );
});

test.each(VIOLATIONS.map((violation) => [violation.kind, violation.name, violation] as const))(
  "%s: %s is refused offline at the same field as by an API server",
  (_kind, _name, { kind, spec, errors }) => {
    const object = { apiVersion: "fairway.dev/v1alpha1", kind, metadata: { name: "wrong" }, spec };
    const problems = compileSchema(crdSchema(kindOf(kind)), false).check(object);
    const told = errors.map((error) => error.slice(0, error.indexOf(": ")));
    expect(problems).not.toEqual([]);
    expect(told).toEqual(expect.arrayContaining(problems.map(({ field }) => field)));
  },
);
