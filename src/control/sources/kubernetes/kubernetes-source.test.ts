import { afterEach, expect, test } from "vitest";
import { FakeApi } from "../../../../test/kubernetes/fake-api.ts";
import { REFERENCE_GRANTS } from "../../../../test/kubernetes/resource-types.ts";
import { systemClock } from "../../../kernel/clock.ts";
import type { ObjectRef } from "../../../model/object-ref.ts";
import { ApiError, type ApiObject, type ApiRequest } from "../../api/api.ts";
import { ObjectStore } from "../../store/object-store.ts";
import { Intake } from "../../validate/intake.ts";
import { KindCatalog } from "../../validate/kind-catalog.ts";
import { KubernetesSource, type KubernetesSourceOptions } from "./kubernetes-source.ts";

const kinds = new KindCatalog();
const settled = { interval: 1, timeout: 5_000 };
const running: KubernetesSource[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((source) => source.stop()));
});

/** A hundred times as fast as time passes. */
const quickClock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * 100,
  after: (delayMs: number, run: () => void) => systemClock.after(delayMs / 100, run),
};

function source(api: FakeApi, options: Partial<KubernetesSourceOptions> = {}) {
  const store = new ObjectStore();
  const intake = new Intake(store, kinds);
  const made = new KubernetesSource({ api, intake, clock: quickClock, ...options });
  running.push(made);
  return { store, intake, source: made };
}

function route(name: string, more: Partial<ApiObject> = {}): ApiObject {
  const routes = [{ kind: "Rule", match: "Host(`a.example.com`)", services: [{ name: "cart", port: 80 }] }];
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: "shop" },
    spec: { routes },
    ...more,
  };
}

function secret(name: string, text = "one"): ApiObject {
  const data = { "tls.crt": Buffer.from(text).toString("base64") };
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "shop" }, type: "kubernetes.io/tls", data };
}

const tls: ObjectRef = { kind: "Secret", namespace: "shop", name: "tls" };
const want = (ref: ObjectRef, isWanted = true) => [{ ref, isWanted }];

/** Reads of one object. */
const fetches = (api: FakeApi): readonly ApiRequest[] => api.requests.filter(({ path }) => path.includes("/secrets/"));

test("every kind is in the store when it has started, with only what is read of it", async () => {
  const api = new FakeApi();
  api.put(route("a", { status: { conditions: [] } }));
  api.put({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "cart-1", namespace: "shop", labels: { "kubernetes.io/service-name": "cart", app: "cart" } },
    addressType: "IPv4",
    ports: null,
    endpoints: [{ addresses: ["10.0.0.1"], nodeName: "n", targetRef: { kind: "Pod", name: "cart-x", uid: "u" } }],
  });
  api.put({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "cart", namespace: "shop", annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } },
    spec: { type: "ClusterIP", clusterIP: "10.0.0.9", selector: { app: "cart" }, ports: [{ port: 80 }] },
    status: { loadBalancer: {} },
  });
  const { store, source: made } = source(api);
  await made.start();
  expect(store.get("IngressRoute", "shop", "a")).toMatchObject({ apiVersion: "fairway.dev/v1alpha1", generation: 1 });
  expect(store.get("IngressRoute", "shop", "a")?.body).not.toHaveProperty("status");
  expect(store.endpointSlices("shop", "cart")[0]?.body).toEqual({
    addressType: "IPv4",
    ports: [],
    endpoints: [{ addresses: ["10.0.0.1"], conditions: {}, targetRef: { kind: "Pod", name: "cart-x" } }],
  });
  expect(store.get("Service", "shop", "cart")).toMatchObject({
    annotations: {},
    body: { spec: { type: "ClusterIP", clusterIP: "10.0.0.9", ports: [{ port: 80 }] } },
  });
  expect(made.uidOf({ kind: "IngressRoute", namespace: "shop", name: "a" })).toBe(
    api.get("IngressRoute", "shop", "a")?.metadata.uid,
  );
});

test("a custom resource that our schema refuses, though the installed definition took it, stays out and is told", async () => {
  const api = new FakeApi();
  api.put(route("bad", { spec: { routes: "none" } }));
  const { store, intake, source: made } = source(api);
  await made.start();
  expect(store.get("IngressRoute", "shop", "bad")).toBeUndefined();
  expect([...intake.problems()].map(({ code }) => code)).toEqual(["SchemaViolation"]);
});

test("a status that is written is no change, but is told", async () => {
  const api = new FakeApi();
  api.put(route("a", { status: { conditions: [{ type: "Accepted" }] } }));
  const seen: string[] = [];
  const { store, source: made } = source(api, {
    onStatusSeen: (ref, status) => seen.push(`${ref.name} ${JSON.stringify(status)}`),
  });
  await made.start();
  expect(seen).toEqual(['a {"conditions":[{"type":"Accepted"}]}']);
  store.takeChanges();
  const held = store.get("IngressRoute", "shop", "a");
  const path = "/apis/fairway.dev/v1alpha1/namespaces/shop/ingressroutes/a/status";
  await api.request({ method: "PATCH", path, body: { status: { conditions: [] } } });
  await expect.poll(() => seen.length, settled).toBe(2);
  expect(store.takeChanges()).toEqual([]);
  expect(store.get("IngressRoute", "shop", "a")).toBe(held);
});

test("an object that was made anew under its name counts, even in the same generation", async () => {
  const api = new FakeApi();
  api.put(route("a"));
  const { store, source: made } = source(api);
  await made.start();
  api.remove("IngressRoute", "shop", "a");
  const routes = [{ kind: "Rule", match: "Host(`b.example.com`)" }];
  api.put(route("a", { spec: { routes } }));
  await expect.poll(() => store.get("IngressRoute", "shop", "a")?.body, settled).toMatchObject({ spec: { routes } });
});

test("a Secret comes in when somebody refers to it, follows its changes, and goes some time after the last reference", async () => {
  const api = new FakeApi();
  api.put(secret("tls"));
  api.put(secret("other"));
  const { store, source: made } = source(api);
  await made.start();
  expect(store.get("Secret", "shop", "tls")).toBeUndefined();
  await made.want(want(tls), true);
  expect(store.get("Secret", "shop", "tls")?.body).toMatchObject({ type: "kubernetes.io/tls", data: { "tls.crt": "b25l" } });
  api.put(secret("tls", "two"));
  api.put(secret("other", "two"));
  await expect.poll(() => store.get("Secret", "shop", "tls")?.body.data, settled).toEqual({ "tls.crt": "dHdv" });
  expect(fetches(api).map(({ path }) => path.split("/").at(-1))).toEqual(["tls", "tls"]);
  made.want([...want(tls, false), ...want(tls)], false);
  made.want(want(tls, false), false);
  expect(store.get("Secret", "shop", "tls")).toBeDefined();
  await expect.poll(() => store.get("Secret", "shop", "tls"), settled).toBeUndefined();
});

test("Secrets are listed and watched as metadata alone", async () => {
  const api = new FakeApi();
  const { source: made } = source(api);
  await made.start();
  await expect.poll(() => api.watching.includes("/api/v1/secrets"), settled).toBe(true);
  const asked = api.requests.filter(({ path }) => path === "/api/v1/secrets");
  expect(asked.length).toBe(2);
  expect(asked.every(({ accept }) => accept?.includes("as=PartialObjectMetadata"))).toBe(true);
});

test("a Secret that is referred to before it exists comes in when it is made, and goes when it is deleted", async () => {
  const api = new FakeApi();
  const { store, source: made } = source(api);
  await made.start();
  expect(made.want(want(tls), true)).toBeNull();
  api.put(secret("tls"));
  await expect.poll(() => store.get("Secret", "shop", "tls"), settled).toBeDefined();
  api.remove("Secret", "shop", "tls");
  await expect.poll(() => store.get("Secret", "shop", "tls"), settled).toBeUndefined();
});

test("a Secret we may not read is not waited for, and one that fails is only where nothing may go out without it", async () => {
  const api = new FakeApi();
  api.put(secret("tls"));
  let answer: ApiError | null = new ApiError(403, "Forbidden", "no");
  api.intercept = ({ path }) => {
    if (path.includes("/secrets/") && answer !== null) throw answer;
  };
  const failures: (number | null)[] = [];
  const { store, source: made } = source(api, { onFetchFailed: (_, status) => failures.push(status) });
  await made.start();
  await made.want(want(tls), true);
  expect(failures).toEqual([403]);
  answer = new ApiError(500, "InternalError", "broken");
  await expect.poll(() => failures.includes(500), settled).toBe(true);
  answer = null;
  await expect.poll(() => store.get("Secret", "shop", "tls"), settled).toBeDefined();
});

test("a fetch that fails once holds up the first publication until it comes through, and no later one", async () => {
  const api = new FakeApi();
  api.put(secret("tls"));
  let failing = true;
  api.intercept = ({ path }) => {
    if (path.includes("/secrets/") && failing) throw new ApiError(500, "InternalError", "broken");
  };
  const { store, source: made } = source(api);
  await made.start();
  await made.want(want(tls), false);
  expect(store.get("Secret", "shop", "tls")).toBeUndefined();
  const first = made.want([], true);
  failing = false;
  await first;
  expect(store.get("Secret", "shop", "tls")).toBeDefined();
});

test("in namespaced mode only those namespaces are asked for, and kinds without one all the same", async () => {
  const api = new FakeApi();
  api.put(route("a"));
  api.put(route("b", { metadata: { name: "b", namespace: "other" } }));
  api.put({ apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata: { name: "fairway" }, spec: { controller: "x" } });
  const { store, source: made } = source(api, { namespaces: ["shop", "blog", "shop"] });
  await made.start();
  expect([...store.list("IngressRoute")].map(({ ref }) => ref.name)).toEqual(["a"]);
  expect([...store.list("IngressClass")]).toHaveLength(1);
  const wide = api.requests.filter(({ path }) => !path.includes("/namespaces/") && !/^\/apis?(\/[^/]+\/[^/]+)?$/.test(path));
  expect(new Set(wide.map(({ path }) => path.split("/").at(-1)))).toEqual(new Set(["ingressclasses", "fairwayclasses"]));
});

test("grants are read in the version that is served, from when it is", async () => {
  const api = new FakeApi();
  const { store, source: made } = source(api);
  await made.start();
  expect(made.states().filter(({ state }) => state.is === "absent")).toMatchObject([{ kind: "ReferenceGrant" }]);
  api.install(REFERENCE_GRANTS);
  api.put({
    apiVersion: "gateway.networking.k8s.io/v1beta1",
    kind: "ReferenceGrant",
    metadata: { name: "g", namespace: "shop" },
    spec: { from: [], to: [] },
  });
  await expect.poll(() => store.referenceGrants("shop").length, settled).toBe(1);
  expect(store.referenceGrants("shop")[0]?.apiVersion).toBe("gateway.networking.k8s.io/v1beta1");
});

test("listing anew brings in what the watches missed, Secrets that are referred to included", async () => {
  const api = new FakeApi();
  api.put(secret("tls"));
  const { store, source: made } = source(api);
  await made.start();
  await made.want(want(tls), true);
  await expect.poll(() => api.watching.length, settled).toBe(17);
  api.silenceWatches();
  api.put(secret("tls", "two"));
  api.put(route("a"));
  await made.relist();
  expect(store.get("IngressRoute", "shop", "a")).toBeDefined();
  expect(store.get("Secret", "shop", "tls")?.body.data).toEqual({ "tls.crt": "dHdv" });
});
