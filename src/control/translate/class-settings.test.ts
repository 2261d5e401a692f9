import { expect, test } from "vitest";
import { DEV_SETTINGS } from "../../../test/golden/world.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { accountKey, classesByAccount, classSettings } from "./class-settings.ts";

function object(kind: string, name: string, spec: unknown): StoredObject {
  const ref = { kind, namespace: "", name };
  return {
    ref,
    apiVersion: "v1",
    generation: 1,
    createdAtMs: null,
    deleting: false,
    labels: {},
    annotations: {},
    body: { spec },
  };
}

function storeOf(...objects: readonly StoredObject[]): ObjectStore {
  const store = new ObjectStore();
  for (const one of objects) store.apply(one);
  return store;
}

const named = (name: string) => ({ parameters: { apiGroup: "fairway.dev", kind: "FairwayClass", name } });

test("a class without parameters, or without an IngressClass, has the defaults", () => {
  for (const store of [storeOf(), storeOf(object("IngressClass", "red", {}))]) {
    expect(classSettings("red", store, DEV_SETTINGS)).toEqual({
      className: "red",
      origin: null,
      serviceAccount: { kind: "ServiceAccount", namespace: "fairway-system", name: "fairway-proxy" },
      service: { kind: "Service", namespace: "fairway-system", name: "fairway-proxy" },
      publish: { service: null, addresses: [] },
      drain: {},
      clusterIPAfterMs: null,
      allowExternalName: DEV_SETTINGS.allowExternalName,
    });
  }
});

test("what a FairwayClass says counts, each field on its own", () => {
  const proxies = { serviceAccount: { name: "edge", namespace: "edge" } };
  const publish = { service: { name: "front", namespace: "edge" } };
  const spec = {
    proxies,
    publish,
    drain: { delay: "1m", quietPeriod: "500ms" },
    isolation: { clusterIPAfter: "0s" },
    services: { allowExternalName: false },
  };
  const store = storeOf(object("IngressClass", "red", named("edge")), object("FairwayClass", "edge", spec));
  expect(classSettings("red", store, DEV_SETTINGS)).toMatchObject({
    origin: { kind: "FairwayClass", name: "edge" },
    serviceAccount: { namespace: "edge", name: "edge" },
    service: { namespace: "fairway-system", name: "fairway-proxy" },
    publish: { service: { kind: "Service", namespace: "edge", name: "front" }, addresses: [] },
    drain: { delayMs: 60_000, quietMs: 500 },
    clusterIPAfterMs: 0,
    allowExternalName: false,
  });
});

test.for([
  ["a FairwayClass that is missing", named("gone")],
  ["parameters of another group", { parameters: { apiGroup: "example.com", kind: "FairwayClass", name: "edge" } }],
  ["parameters of another kind", { parameters: { apiGroup: "fairway.dev", kind: "Settings", name: "edge" } }],
  ["parameters in a namespace", { parameters: { ...named("edge").parameters, scope: "Namespace", namespace: "one" } }],
] as const)("nobody is a proxy of a class with %s", ([, spec]) => {
  const store = storeOf(object("IngressClass", "red", spec), object("FairwayClass", "edge", {}));
  expect(classSettings("red", store, DEV_SETTINGS)).toBeNull();
});

test("of two classes with one account the older has its proxies; one without settings has none", () => {
  const store = storeOf(
    object("IngressClass", "lost", named("gone")),
    object("IngressClass", "old", {}),
    object("IngressClass", "young", {}),
    object("IngressClass", "own", named("edge")),
    object("FairwayClass", "edge", { proxies: { serviceAccount: { name: "edge", namespace: "edge" } } }),
  );
  const candidates = ["lost", "old", "young", "own"];
  const classes = classesByAccount({ candidates }, (name) => classSettings(name, store, DEV_SETTINGS));
  expect(Object.fromEntries(classes)).toEqual({ "fairway-system/fairway-proxy": "old", "edge/edge": "own" });
  expect(accountKey({ namespace: "edge", name: "edge" })).toBe("edge/edge");
});
