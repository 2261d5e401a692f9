import { expect, test } from "vitest";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { CONTROLLER_NAME, type CompileSettings } from "../control/translate/settings.ts";
import { compileObjects, type ReadObjects, readObjects } from "./compiled-manifests.ts";
import { CLUSTER_ENTRY_POINTS, DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { resourcesOf } from "./graph-report.ts";
import { manifests, rule, service } from "./sample-manifests.ts";

const SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "cluster", names: null, watchWithoutClass: false },
  entryPoints: CLUSTER_ENTRY_POINTS,
  allowCrossNamespace: false,
  allowExternalName: false,
  allowLoopback: false,
  operatorNamespace: "fairway-system",
};

function ingressClass(name: string): string {
  return `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: ${name} }\nspec: { controller: ${CONTROLLER_NAME} }\n`;
}

function routeOf(className: string): string {
  return `apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata: { name: ${className} }\nspec:\n  ingressClassName: ${className}\n  routes:\n${rule(`Host(\`${className}.test\`)`, "web")}`;
}

/** What a running operator would have given, with its settings. */
async function running(...classes: readonly string[]): Promise<ReadObjects> {
  const text = manifests(...classes.flatMap((name) => [ingressClass(name), routeOf(name)]), service("web"));
  return { ...(await readObjects((intake) => loadText(text, intake))), settings: SETTINGS };
}

test("of an operator that serves one class that one is looked at, on its entry points", async () => {
  const { graph, entryPoints } = compileObjects(await running("public"), DEFAULT_ENTRY_POINTS, []);
  expect(resourcesOf(graph, "router").map(({ ruleText }) => ruleText)).toEqual(["Host(`public.test`)"]);
  expect(entryPoints.map(({ name, host, port }) => `${name}=${host}:${port}`)).toEqual(["web=:8080", "websecure=:8443"]);
});

test("of several classes one has to be chosen", async () => {
  const read = await running("public", "intern");
  expect(() => compileObjects(read, DEFAULT_ENTRY_POINTS, [])).toThrow(
    "the operator serves the ingress classes intern, public: choose with --class",
  );
  const { graph } = compileObjects(read, DEFAULT_ENTRY_POINTS, ["intern"]);
  expect(resourcesOf(graph, "router").map(({ ruleText }) => ruleText)).toEqual(["Host(`intern.test`)"]);
});

test("an operator without a class has nothing to look at", async () => {
  const read = await running();
  expect(() => compileObjects(read, DEFAULT_ENTRY_POINTS, [])).toThrow("the operator serves no ingress class now");
});
