import { expect, test } from "vitest";
import { ApiError, type ApiObject, ApiUnreachable, type WatchEvent } from "../../src/control/api/api.ts";
import { FakeApi } from "./fake-api.ts";

const ROUTES = "/apis/fairway.dev/v1alpha1/namespaces/shop/ingressroutes";

function route(name: string, spec: unknown = { routes: [] }): ApiObject {
  return { apiVersion: "fairway.dev/v1alpha1", kind: "IngressRoute", metadata: { name, namespace: "shop" }, spec };
}

async function watched(api: FakeApi, version: string, count: number): Promise<readonly string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  const options = { query: { resourceVersion: version }, silenceMs: 1_000, signal: stop.signal };
  for await (const event of api.watch(ROUTES, options)) {
    seen.push(`${event.type} ${event.object.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

test("pages list everything once, and say when they are too old to go on", async () => {
  const api = new FakeApi();
  for (const name of ["c", "a", "b"]) api.put(route(name));
  type List = { metadata: { continue?: string }; items: ApiObject[] };
  const first = await api.request<List>({ method: "GET", path: ROUTES, query: { limit: 2 } });
  expect(first.items.map((each) => each.metadata.name)).toEqual(["a", "b"]);
  const next = { method: "GET", path: ROUTES, query: { limit: 2, continue: first.metadata.continue as string } } as const;
  const second = await api.request<List>(next);
  expect(second.items.map((each) => each.metadata.name)).toEqual(["c"]);
  expect(second.metadata.continue).toBeUndefined();
  api.compact();
  await expect(api.request(next)).rejects.toMatchObject({ status: 410, reason: "Expired" });
});

test("a watch replays what happened since its version, then follows", async () => {
  const api = new FakeApi();
  const version = api.put(route("a")).metadata.resourceVersion as string;
  api.put(route("b"));
  const seen = watched(api, version, 3);
  await Promise.resolve();
  api.put(route("b", { routes: [1] }));
  api.remove("IngressRoute", "shop", "a");
  expect(await seen).toEqual(["ADDED b", "MODIFIED b", "DELETED a"]);
});

test("a watch from a version before the compaction gets the error of one, and a silent one breaks off", async () => {
  const api = new FakeApi();
  const version = api.put(route("a")).metadata.resourceVersion as string;
  api.compact();
  const stop = new AbortController();
  const events: WatchEvent[] = [];
  for await (const event of api.watch(ROUTES, { query: { resourceVersion: version }, silenceMs: 1_000, signal: stop.signal })) {
    events.push(event);
  }
  expect(events).toMatchObject([{ type: "ERROR", object: { code: 410 } }]);
  const silent = api.watch(ROUTES, { query: {}, silenceMs: 5, signal: stop.signal })[Symbol.asyncIterator]();
  await expect(silent.next()).rejects.toBeInstanceOf(ApiUnreachable);
});

test("writes to the object and to its status leave each other alone, and only the former makes a generation", async () => {
  const api = new FakeApi();
  api.put(route("a"));
  const status = { status: { conditions: [{ type: "Accepted", status: "True" }] }, spec: "ignored" };
  await api.request({ method: "PATCH", path: `${ROUTES}/a/status`, body: status });
  await api.request({ method: "PATCH", path: `${ROUTES}/a`, body: { spec: { routes: [1] }, status: "ignored" } });
  expect(api.get("IngressRoute", "shop", "a")).toMatchObject({
    metadata: { generation: 2 },
    spec: { routes: [1] },
    status: status.status,
  });
});

test("a write with an old version conflicts, a second object of a name exists, a missing one is not found", async () => {
  const api = new FakeApi();
  const old = api.put(route("a"));
  api.put(route("a", { routes: [1] }));
  const refusal = async (attempt: Promise<unknown>): Promise<unknown> => attempt.catch((error: ApiError) => error.reason);
  expect(await refusal(api.request({ method: "PUT", path: `${ROUTES}/a`, body: old }))).toBe("Conflict");
  expect(await refusal(api.request({ method: "POST", path: ROUTES, body: route("a") }))).toBe("AlreadyExists");
  expect(await refusal(api.request({ method: "GET", path: `${ROUTES}/nope` }))).toBe("NotFound");
});

test("server-side apply sets and removes what its manager applied, and leaves what others did", async () => {
  const api = new FakeApi();
  api.put(route("a"));
  const apply = (manager: string, conditions: readonly string[]): Promise<unknown> =>
    api.request({
      method: "PATCH",
      path: `${ROUTES}/a/status`,
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: manager, force: true },
      body: { ...route("a"), status: { conditions: conditions.map((type) => ({ type, status: "True" })) } },
    });
  await apply("one", ["Accepted", "Programmed"]);
  await apply("two", ["Ready"]);
  await apply("one", ["Accepted"]);
  expect(api.get("IngressRoute", "shop", "a")?.status).toMatchObject({ conditions: [{ type: "Accepted" }, { type: "Ready" }] });
});

test("a kind that was uninstalled is not found, in discovery neither", async () => {
  const api = new FakeApi();
  const type = api.uninstall("IngressRoute");
  await expect(api.request({ method: "GET", path: ROUTES })).rejects.toBeInstanceOf(ApiError);
  const names = async (): Promise<readonly string[]> => {
    const { resources } = await api.request<{ resources: { name: string }[] }>({
      method: "GET",
      path: "/apis/fairway.dev/v1alpha1",
    });
    return resources.map((each) => each.name);
  };
  expect(await names()).not.toContain("ingressroutes");
  api.install(type);
  expect(await names()).toContain("ingressroutes");
});
