import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  ENTRY_POINT_FIELDS,
  FAIRWAY_CLASS_FIELDS,
  type FieldTable,
  INGRESS_ROUTE_FIELDS,
  ROUTE_FIELDS,
  SERVERS_TRANSPORT_FIELDS,
  SERVICE_FIELDS,
  TLS_STORE_FIELDS,
  unsupportedFields,
} from "./supported.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The schema of `spec` in a file of `crds/`. */
function specIn(file: string): Schema {
  const crd = parse(readFileSync(new URL(`../../../crds/${file}`, import.meta.url), "utf8")) as {
    readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }] };
  };
  return crd.spec.versions[0].schema.openAPIV3Schema.properties?.spec as Schema;
}

const spec = specIn("ingressroutes.yaml");
const classSpec = specIn("fairwayclasses.yaml");
const route = spec.properties?.routes?.items as Schema;
const service = route.properties?.services?.items as Schema;

/** Field names a table knows, with those of the tables inside it; the same for a schema, as deep as the table goes. */
function fieldsOf(table: FieldTable, schema: Schema): { readonly table: unknown; readonly schema: unknown } {
  const known = Object.entries(table).map(([name, entry]) =>
    typeof entry === "object" ? [name, fieldsOf(entry, schema.properties?.[name] ?? {}).table] : [name],
  );
  const wanted = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
    const entry = table[name];
    return typeof entry === "object" ? [name, fieldsOf(entry, inner).schema] : [name];
  });
  return { table: known.sort(), schema: wanted.sort() };
}

test.for([
  ["an IngressRoute", INGRESS_ROUTE_FIELDS, spec],
  ["a route", ROUTE_FIELDS, route],
  ["a service of a route", SERVICE_FIELDS, service],
  ["a FairwayClass", FAIRWAY_CLASS_FIELDS, classSpec],
  ["a TLSStore", TLS_STORE_FIELDS, specIn("tlsstores.yaml")],
  ["a ServersTransport", SERVERS_TRANSPORT_FIELDS, specIn("serverstransports.yaml")],
  ["an entry point of a FairwayClass", ENTRY_POINT_FIELDS, classSpec.properties?.entryPoints?.items as Schema],
] as const)("every field the schema knows of %s is judged", ([, table, schema]) => {
  const fields = fieldsOf(table, schema);
  expect(fields.table).toEqual(fields.schema);
});

const object = { kind: "IngressRoute", namespace: "one", name: "a" };

test.for([
  [{ name: "web", port: 80, passHostHeader: false, weight: 0 }, []],
  [{ sticky: null, healthCheck: undefined, serversTransport: "", middlewares: [] }, []],
  [{ sticky: {} }, []],
  [{ sticky: { cookie: {} } }, ["x.sticky.cookie"]],
  [{ passiveHealthCheck: {} }, ["x.passiveHealthCheck"]],
  [{ nativeLB: true, nodePortLB: false }, ["x.nativeLB"]],
  [{ scheme: "tcp", strategy: "hrw" }, ["x.scheme", "x.strategy"]],
  [{ unknownField: 1 }, []],
] as const)("of %j the fields %j are not supported", ([value, expected]) => {
  expect(unsupportedFields(value, SERVICE_FIELDS, object, "x").map(({ field }) => field)).toEqual(expected);
});
