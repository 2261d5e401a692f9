import { expect, test } from "vitest";
import { ObjectStore, SERVICE_NAME_LABEL } from "./object-store.ts";
import type { StoredObject } from "./stored-object.ts";

function object(kind: string, name: string, more: Partial<StoredObject> = {}): StoredObject {
  return {
    ref: { kind, namespace: "shop", name },
    apiVersion: "v1",
    generation: 0,
    createdAtMs: null,
    deleting: false,
    labels: {},
    annotations: {},
    body: {},
    ...more,
  };
}

function slice(name: string, service: string): StoredObject {
  return object("EndpointSlice", name, { labels: { [SERVICE_NAME_LABEL]: service } });
}

const names = (objects: Iterable<StoredObject>): string[] => [...objects].map((each) => each.ref.name);

test("an object equal to the stored one is no change, whatever the order of its members", () => {
  const store = new ObjectStore();
  expect(store.apply(object("Service", "a", { body: { spec: { x: 1, y: [2] } } }))).toBe(true);
  store.takeChanges();
  expect(store.apply(object("Service", "a", { body: { spec: { y: [2], x: 1 } } }))).toBe(false);
  expect(store.takeChanges()).toEqual([]);
  expect(store.apply(object("Service", "a", { body: { spec: { y: [3], x: 1 } } }))).toBe(true);
});

test("changes are told once each, in the order they first came, and only since the last question", () => {
  const store = new ObjectStore();
  store.apply(object("Service", "a"));
  store.apply(object("Service", "b"));
  store.apply(object("Service", "a", { generation: 2 }));
  store.remove({ kind: "Service", namespace: "shop", name: "a" });
  expect(store.takeChanges().map((ref) => ref.name)).toEqual(["a", "b"]);
  expect(store.takeChanges()).toEqual([]);
});

test("removing what is not there is no change", () => {
  const store = new ObjectStore();
  expect(store.remove({ kind: "Service", namespace: "shop", name: "a" })).toBe(false);
  expect(store.takeChanges()).toEqual([]);
});

test("slices are found by the service their label names, sorted, and follow a changed label", () => {
  const store = new ObjectStore();
  store.apply(slice("b", "cart"));
  store.apply(slice("a", "cart"));
  store.apply(object("EndpointSlice", "orphan"));
  expect(names(store.endpointSlices("shop", "cart"))).toEqual(["a", "b"]);
  store.apply(slice("a", "users"));
  expect(names(store.endpointSlices("shop", "cart"))).toEqual(["b"]);
  expect(names(store.endpointSlices("shop", "users"))).toEqual(["a"]);
  store.remove({ kind: "EndpointSlice", namespace: "shop", name: "b" });
  expect(store.endpointSlices("shop", "cart")).toEqual([]);
  expect(store.endpointSlices("other", "users")).toEqual([]);
});

test("grants are found by namespace", () => {
  const store = new ObjectStore();
  store.apply(object("ReferenceGrant", "b"));
  store.apply(object("ReferenceGrant", "a"));
  expect(names(store.referenceGrants("shop"))).toEqual(["a", "b"]);
  expect(store.referenceGrants("other")).toEqual([]);
});

test("stored objects are frozen all the way down", () => {
  const store = new ObjectStore();
  store.apply(object("Service", "a", { body: { spec: { ports: [{ port: 80 }] } } }));
  const spec = store.get("Service", "shop", "a")?.body.spec as { ports: { port: number }[] };
  expect(() => {
    (spec.ports[0] as { port: number }).port = 81;
  }).toThrow(TypeError);
});

test("listeners hear every change until they leave", () => {
  const store = new ObjectStore();
  let heard = 0;
  const leave = store.onChange(() => heard++);
  store.apply(object("Service", "a"));
  store.apply(object("Service", "a"));
  store.remove({ kind: "Service", namespace: "shop", name: "a" });
  leave();
  store.apply(object("Service", "a"));
  expect(heard).toBe(2);
});

test("list and size count what is there now", () => {
  const store = new ObjectStore();
  store.apply(object("Service", "a"));
  store.apply(object("Ingress", "b"));
  store.apply(object("Ingress", "c"));
  store.remove({ kind: "Ingress", namespace: "shop", name: "b" });
  expect(names(store.list("Ingress"))).toEqual(["c"]);
  expect(names(store.list("Middleware"))).toEqual([]);
  expect(store.size).toBe(2);
});

test("children are found by the parents they name, across namespaces, and follow a change", () => {
  const child = (namespace: string, name: string, ...parentRefs: readonly { name: string; namespace?: string }[]) => ({
    ...object("IngressRoute", name, { body: { spec: { parentRefs } } }),
    ref: { kind: "IngressRoute", namespace, name },
  });
  const store = new ObjectStore();
  store.apply(child("shop", "b", { name: "root" }, { name: "root" }, { name: "other" }));
  store.apply(child("apps", "b", { name: "root", namespace: "shop" }));
  store.apply(child("shop", "a", { name: "root" }));
  expect(store.childrenOf("shop", "root").map(({ ref }) => `${ref.namespace}/${ref.name}`)).toEqual([
    "apps/b",
    "shop/a",
    "shop/b",
  ]);
  store.apply(child("shop", "b", { name: "other" }));
  store.remove({ kind: "IngressRoute", namespace: "shop", name: "a" });
  expect(names(store.childrenOf("shop", "root"))).toEqual(["b"]);
  expect(names(store.childrenOf("shop", "other"))).toEqual(["b"]);
  expect(store.childrenOf("apps", "root")).toEqual([]);
});
