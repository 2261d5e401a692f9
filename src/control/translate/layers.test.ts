import { expect, test } from "vitest";
import { storedObject } from "../../../test/compile/world-edits.ts";
import { DEV_SETTINGS } from "../../../test/golden/world.ts";
import { encodeResource } from "../../model/encode.ts";
import type { Router } from "../../model/router.ts";
import { Compiler } from "../graph/compiler.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { ANCESTORS_MAX } from "./layers.ts";

const service = storedObject("Service", "one", "web", { spec: { ports: [{ port: 80 }] } });
const WEB = [{ name: "web", port: 80 }];

function route(name: string, parents: readonly string[], more: Readonly<Record<string, unknown>> = {}): StoredObject {
  const parentRefs = parents.map((parent) => ({ name: parent }));
  return storedObject("IngressRoute", "one", name, {
    spec: { parentRefs, routes: [{ match: `PathPrefix(\`/${name}\`)`, services: WEB }], ...more },
  });
}

/** A compiler that has seen some objects, and what it makes of further ones. */
function running(...objects: readonly StoredObject[]) {
  const store = new ObjectStore();
  for (const object of [service, ...objects]) store.apply(object);
  const compiler = new Compiler(DEV_SETTINGS);
  compiler.update(store, "all");
  store.takeChanges();
  const routers = (): ReadonlyMap<string, Router> => {
    const resources = [...(compiler.graph("fairway")?.resources.values() ?? [])];
    return new Map(resources.flatMap((one) => ("ruleText" in one ? [[one.origin.name, one]] : [])));
  };
  return {
    routers,
    problems: () => (compiler.graph("fairway")?.problems ?? []).filter(({ object }) => object.kind === "IngressRoute"),
    change: (put: readonly StoredObject[], remove: readonly string[] = []) => {
      for (const object of put) store.apply(object);
      for (const name of remove) store.remove({ kind: "IngressRoute", namespace: "one", name });
      compiler.update(store, store.takeChanges());
    },
  };
}

const bytesOf = (router: Router | undefined) =>
  router === undefined ? null : Buffer.from(encodeResource(router).body).toString();

test("a change of a child leaves the bytes of its parents as they are", () => {
  const world = running(route("root", []), route("child", ["root"]));
  const before = bytesOf(world.routers().get("root"));
  world.change([route("child", ["root"], { routes: [{ match: "Path(`/other`)", priority: 7, services: WEB }] })]);
  world.change([route("second", ["root"])]);
  expect(bytesOf(world.routers().get("root"))).toBe(before);
  expect(world.routers().get("child")).toMatchObject({ ruleText: "Path(`/other`)", parents: [{ name: "root" }] });
});

test("the first child makes a parent, and with the last one it ceases to be one", () => {
  const world = running(route("root", [], { routes: [{ match: "Path(`/`)" }] }));
  expect(world.routers().get("root")).toMatchObject({ tombstone: ["ServiceNotFound"] });
  expect(bytesOf(world.routers().get("root"))).not.toContain("isParent");
  world.change([route("child", ["root"])]);
  expect(world.routers().get("root")).toMatchObject({ tombstone: null, service: null, isParent: true });
  expect(world.problems()).toEqual([]);
  world.change([route("child", [])]);
  expect(world.routers().get("root")).toMatchObject({ tombstone: ["ServiceNotFound"] });
  expect(world.routers().get("child")?.entryPoints).toEqual(["web", "websecure"]);
});

test("a parent that comes late, and one that goes, take their children along", () => {
  const world = running(route("child", ["root"]), route("grandchild", ["child"]));
  expect([...world.routers().keys()]).toEqual([]);
  world.change([route("root", [])]);
  expect([...world.routers().keys()].sort()).toEqual(["child", "grandchild", "root"]);
  expect(world.problems()).toEqual([]);
  world.change([], ["root"]);
  expect([...world.routers().keys()]).toEqual([]);
  expect(world.problems().map(({ code, object }) => [code, object.name])).toEqual([
    ["ParentNotFound", "child"],
    ["ParentUnreachable", "grandchild"],
  ]);
});

test.each([
  ["entryPoints", { entryPoints: ["web"] }],
  ["tls", { tls: {} }],
])("a child that sets %s all the same answers 503 and has no children", (field, more) => {
  const world = running(route("root", []), route("child", ["root"], more), route("below", ["child"]));
  expect(world.routers().get("child")).toMatchObject({ tombstone: ["NotARoot"], parents: [{ name: "root" }], entryPoints: [] });
  expect(world.routers().get("below")).toBeUndefined();
  expect(world.problems().map(({ code, object, field: at }) => [code, object.name, at])).toEqual([
    ["ParentUnreachable", "below", "spec.parentRefs"],
    ["NotARoot", "child", `spec.${field}`],
  ]);
});

test("a cycle that is opened again is served", () => {
  const world = running(route("root", []), route("a", ["root", "b"]), route("b", ["a"]));
  expect(world.routers().get("a")?.tombstone).toEqual(["ParentCycle"]);
  world.change([route("a", ["root"])]);
  expect(world.routers().get("a")).toMatchObject({ tombstone: null, isParent: true });
  expect(world.routers().get("b")).toMatchObject({ tombstone: null, parents: [{ name: "a" }] });
  expect(world.problems()).toEqual([]);
});

test(`more than ${ANCESTORS_MAX} ancestors are too many, however few the layers`, () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `r${at}`);
  const most = names(ANCESTORS_MAX);
  const roots = most.map((name) => route(name, []));
  const world = running(...roots, route("child", most));
  expect(world.routers().get("child")).toMatchObject({ tombstone: null });
  world.change([route(`r${ANCESTORS_MAX}`, []), route("child", names(ANCESTORS_MAX + 1))]);
  expect(world.routers().get("child")).toMatchObject({ tombstone: ["LayersTooDeep"] });
});
