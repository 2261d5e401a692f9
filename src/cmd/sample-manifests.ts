import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { type CompiledManifests, compileObjects, readObjects } from "./compiled-manifests.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";

/** Manifests for the tests of commands, put together from short texts. */

/** A Service `name` in the namespace default with port 80 and one endpoint, 10.0.0.1:8080. */
export function service(name: string): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
`;
}

/** One rule of an IngressRoute, to a Service. `more` are further fields, as in `middlewares: [{ name: strip }]`. */
export function rule(match: string, to: string, more = ""): string {
  return `    - match: ${match}\n      services: [{ name: ${to}, port: 80 }]\n${more === "" ? "" : `      ${more}\n`}`;
}

/** An IngressRoute in the namespace default. `more` are further fields of its spec, as lines. */
export function route(name: string, rules: string, more = ""): string {
  return `apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata: { name: ${name} }\nspec:\n${more}  routes:\n${rules}`;
}

/** A Middleware in the namespace default; `spec` in flow style. */
export function middleware(name: string, spec: string): string {
  return `apiVersion: fairway.dev/v1alpha1\nkind: Middleware\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}

/** Several documents as one text. */
export function manifests(...documents: readonly string[]): string {
  return documents.join("---\n");
}

/** Reads and compiles a text, as the commands do with the standard input. */
export async function compileText(text: string): Promise<CompiledManifests> {
  return compileObjects(await readObjects((intake) => loadText(text, intake)), DEFAULT_ENTRY_POINTS, []);
}

/** A published schema, by its name in docs/reference; it may refer to others there. */
export function publishedSchema(name: string): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  for (const other of ["explain", "explain-request", "check"]) ajv.addSchema(schemaNamed(other), `${other}.schema.json`);
  return ajv.getSchema(`${name}.schema.json`) ?? ajv.compile(schemaNamed(name));
}

function schemaNamed(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../docs/reference/${name}.schema.json`, import.meta.url), "utf8")) as object;
}
