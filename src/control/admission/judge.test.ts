import { expect, test } from "vitest";
import { KindCatalog } from "../validate/kind-catalog.ts";
import { Judge } from "./judge.ts";

const judge = new Judge(new KindCatalog(), ["public"]);

function route(match: string, more: object = {}, metadata: object = {}): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name: "shop", namespace: "shop", ...metadata },
    spec: { routes: [{ match, services: [{ name: "web", port: 80 }], ...more }] },
  };
}

async function codes(object: unknown, former: unknown = null): Promise<{ errors: string[]; warnings: string[] }> {
  const { errors, warnings } = await judge.judge(object, former);
  const told = ({ code, field }: { code: string; field: string }) => `${code} ${field}`;
  return { errors: errors.map(told), warnings: warnings.map(told) };
}

const RULES = [{ match: "Host(`a.test`)", services: [{ name: "web", port: 80 }] }];

const FINE = { errors: [], warnings: [] };

test("what is not there yet is no error: objects come in any order", async () => {
  expect(await codes(route("Host(`a.test`)", { middlewares: [{ name: "nowhere" }] }))).toEqual(FINE);
  expect(
    await codes({ ...route("Host(`a.test`)"), spec: { entryPoints: ["other"], tls: { secretName: "x" }, routes: RULES } }),
  ).toEqual(FINE);
});

test("it can be made ready beforehand", async () => {
  const fresh = new Judge(new KindCatalog(), []);
  await fresh.warm();
  expect((await fresh.judge(route("Host(`a.test`"), null)).errors).toHaveLength(1);
});

test("every error in the object itself is told", async () => {
  const twice = route("Host(`a.test`");
  (twice as { spec: { routes: object[] } }).spec.routes.push({
    match: "HostRegexp(`(?=x)`)",
    services: [{ name: "web", port: 80 }],
  });
  expect((await codes(twice)).errors).toEqual(["InvalidRule spec.routes[0].match", "InvalidRegex spec.routes[1].match"]);
  expect((await codes({ ...route("Path(`/`)"), spec: { routes: "none" } })).errors).toEqual(["SchemaViolation spec.routes"]);
  expect((await codes({ ...route("Path(`/`)"), apiVersion: "fairway.dev/v9" })).errors).toEqual(["InvalidObject "]);
});

test("a Middleware is judged by its options, used or not", async () => {
  const middleware = (spec: object) => ({
    apiVersion: "fairway.dev/v1alpha1",
    kind: "Middleware",
    metadata: { name: "m", namespace: "shop" },
    spec,
  });
  expect(await codes(middleware({ stripPrefix: { prefixes: ["/a"] } }))).toEqual(FINE);
  expect((await codes(middleware({}))).errors).toEqual(["SchemaViolation spec"]);
  expect((await codes(middleware({ replacePathRegex: { regex: "(", replacement: "" } }))).errors).toHaveLength(1);
});

test("a FairwayClass is judged by its settings", async () => {
  const fairwayClass = (address: string) => ({
    apiVersion: "fairway.dev/v1alpha1",
    kind: "FairwayClass",
    metadata: { name: "edge" },
    spec: { entryPoints: [{ name: "web", address }] },
  });
  expect(await codes(fairwayClass(":8080"))).toEqual(FINE);
  expect((await codes(fairwayClass("300.0.0.1:8080"))).errors).toEqual(["EntryPointInvalid spec.entryPoints[0].address"]);
});

test("an Ingress is judged where its class is ours, and other kinds never", async () => {
  const ingress = (ingressClassName: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "i", namespace: "shop" },
    spec: { ingressClassName, rules: [{ host: "a.test", http: { paths: [{ path: "x", pathType: "Prefix" }] } }] },
  });
  expect((await codes(ingress("public"))).errors.length).toBeGreaterThan(0);
  expect(await codes(ingress("nginx"))).toEqual(FINE);
  expect(await codes({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: 7 })).toEqual(FINE);
  expect(await codes({ apiVersion: "v1", kind: "Secret", metadata: { name: "d" }, data: 7 })).toEqual(FINE);
});

test("what was wrong before does not keep a change of something else out, but is warned of", async () => {
  const former = route("Host(`a.test`");
  const labelled = route("Host(`a.test`", {}, { labels: { team: "shop" } });
  expect(await codes(labelled, former)).toEqual({ errors: [], warnings: ["InvalidRule spec.routes[0].match"] });
  expect((await codes(route("Host(`b.test`"), former)).errors).toEqual(["InvalidRule spec.routes[0].match"]);
});

test("an object that is being deleted may go, however wrong it is", async () => {
  const going = route("Host(`a.test`", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  expect(await codes(going)).toEqual(FINE);
});

test("rules of one object that exclude each other are warned of", async () => {
  const object = route("Host(`a.test`)") as { spec: { routes: object[] } };
  object.spec.routes.push({ match: "Host(`a.test`)", services: [{ name: "api", port: 80 }] });
  const { errors, warnings } = await codes(object);
  expect(errors).toEqual([]);
  expect(warnings.length).toBeGreaterThan(0);
});
