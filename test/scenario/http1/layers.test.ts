import { expect, test } from "vitest";
import { middlewareModules } from "../../../src/extensions/middlewares/registry.gen.ts";
import { LAYERS_MAX } from "../../../src/model/router.ts";
import { compileWorld, readWorld } from "../../golden/world.ts";
import { TestProxy, Upstream } from "./harness.ts";
import type { RawResponse } from "./raw-client.ts";
import { afterTest, clientOf } from "./set-up.ts";

/** Manifests, compiled into a proxy. Each service answers its name. */
class LayeredProxy {
  readonly proxy: TestProxy;
  readonly #world;
  readonly #compiler;

  private constructor(proxy: TestProxy, world: ReturnType<typeof readWorld>, compiled: ReturnType<typeof compileWorld>) {
    this.proxy = proxy;
    this.#world = world;
    this.#compiler = compiled.compiler;
    world.store.takeChanges();
  }

  static async start(manifests: readonly string[], services: readonly string[]): Promise<LayeredProxy> {
    const served = await Promise.all(services.map(serve));
    const world = readWorld(["settings: { entryPoints: { web: plain } }\n", ...manifests, ...served].join("---\n"));
    const compiled = compileWorld(world);
    const resources = compiled.result.changes.get("fairway")?.upserts ?? [];
    const proxy = await TestProxy.start({ middlewares: Object.fromEntries(middlewareModules) }, resources);
    afterTest(() => proxy.close());
    return new LayeredProxy(proxy, world, compiled);
  }

  /** Puts objects in, or takes one out, and makes the change live. */
  async change(put: readonly string[], remove?: string): Promise<void> {
    const { store } = this.#world;
    const { objects } = readWorldObjects(put);
    for (const object of objects) store.apply(object);
    if (remove !== undefined) store.remove({ kind: "IngressRoute", namespace: "shop", name: remove });
    const change = this.#compiler.update(store, store.takeChanges()).changes.get("fairway");
    await this.proxy.apply(change?.upserts ?? [], change?.removals ?? []);
  }

  async get(path: string, headers = ""): Promise<RawResponse> {
    const client = await clientOf(this.proxy);
    client.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${headers}\r\n`);
    return client.response();
  }

  /** Who answers: the body of 200, else the status. */
  async answers(path: string, headers = ""): Promise<string | number> {
    const { status, body } = await this.get(path, headers);
    return status === 200 ? body : status;
  }
}

function readWorldObjects(manifests: readonly string[]) {
  const { store } = readWorld(manifests.join("---\n"));
  return { objects: ["IngressRoute", "Middleware"].flatMap((kind) => [...store.list(kind)]) };
}

/** A Service whose one server answers every request with the service's name and the path it saw. */
async function serve(name: string): Promise<string> {
  const upstream = await Upstream.start((socket, received) => {
    const target = /([^\r\n]*) HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*\r\n$/.exec(received)?.[1]?.split(" ")[1];
    if (target === undefined) return;
    const body = `${name} ${target}`;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  afterTest(() => upstream.close());
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${upstream.port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;
}

/** An IngressRoute; `rules` as `match → middlewares, service`, all but the match optional. */
function route(
  name: string,
  parents: readonly string[],
  ...rules: readonly (readonly [match: string, service?: string | undefined, middleware?: string])[]
): string {
  const written = rules.map(([match, service, middleware]) => {
    const services = service === undefined ? "" : `, services: [{ name: ${service}, port: 80 }]`;
    const middlewares = middleware === undefined ? "" : `, middlewares: [{ name: ${middleware} }]`;
    return `    - { match: ${JSON.stringify(match)}${services}${middlewares} }\n`;
  });
  const refs = parents.map((parent) => `{ name: ${parent} }`).join(", ");
  return `apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: { name: ${name}, namespace: shop }
spec:
  parentRefs: [${refs}]
  routes:
${written.join("")}`;
}

function middleware(name: string, spec: string): string {
  return `apiVersion: fairway.dev/v1alpha1
kind: Middleware
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
}

const SHOP = "Host(`shop.test`)";

test("a header that the parent's middleware sets decides the child, whatever the client sends", async () => {
  const proxy = await LayeredProxy.start(
    [
      middleware("role", "{ headers: { customRequestHeaders: { X-Role: user } } }"),
      route("root", [], [SHOP, undefined, "role"]),
      route("by-role", ["root"], ["Header(`X-Role`, `admin`)", "admin"], ["Header(`X-Role`, `user`)", "user"]),
    ],
    ["admin", "user"],
  );
  expect(await proxy.answers("/")).toBe("user /");
  expect(await proxy.answers("/", "X-Role: admin\r\n")).toBe("user /");
  await proxy.change([middleware("role", "{ headers: { customRequestHeaders: { X-Role: admin } } }")]);
  expect(await proxy.answers("/")).toBe("admin /");
  await proxy.change([middleware("role", "{ headers: { customRequestHeaders: { X-Role: nobody } } }")]);
  expect(await proxy.answers("/", "X-Role: admin\r\n")).toBe(404);
});

test("children see the path that the parent's middleware leaves, and theirs see what they leave", async () => {
  const proxy = await LayeredProxy.start(
    [
      middleware("strip-v1", "{ stripPrefix: { prefixes: [/v1] } }"),
      middleware("strip-cart", "{ stripPrefix: { prefixes: [/cart] } }"),
      route("root", [], [`${SHOP} && PathPrefix(\`/v1\`)`, undefined, "strip-v1"]),
      route("cart", ["root"], ["PathPrefix(`/cart`)", "cart", "strip-cart"], ["PathPrefix(`/v1`)", "wrong"]),
    ],
    ["cart", "wrong"],
  );
  expect(await proxy.answers("/v1/cart/items")).toBe("cart /items");
  expect(await proxy.answers("/cart/items")).toBe(404);
});

test("what no child takes the parent's own service answers; without one it is 404, through the parent's response hooks", async () => {
  const noted = middleware("noted", "{ headers: { customResponseHeaders: { X-Layer: parent } } }");
  const child = route("child", ["root"], ["Path(`/child`)", "child"]);
  const proxy = await LayeredProxy.start([noted, route("root", [], [SHOP, "own", "noted"]), child], ["own", "child"]);
  expect(await proxy.answers("/child")).toBe("child /child");
  expect(await proxy.answers("/other")).toBe("own /other");
  await proxy.change([route("root", [], [SHOP, undefined, "noted"])]);
  expect(await proxy.answers("/child")).toBe("child /child");
  const missed = await proxy.get("/other");
  expect([missed.status, missed.headers["x-layer"]]).toEqual([404, "parent"]);
});

test("response hooks run from the innermost layer out", async () => {
  const sets = (layer: string) => `{ headers: { customResponseHeaders: { X-Layer: ${layer}, X-By-${layer}: "1" } } }`;
  const proxy = await LayeredProxy.start(
    [
      middleware("outer", sets("outer")),
      middleware("inner", sets("inner")),
      route("root", [], [SHOP, undefined, "outer"]),
      route("child", ["root"], ["Path(`/child`)", "web", "inner"]),
    ],
    ["web"],
  );
  const { headers } = await proxy.get("/child");
  expect([headers["x-layer"], headers["x-by-inner"], headers["x-by-outer"]]).toEqual(["outer", "1", "1"]);
});

test("a child that cannot be built answers 503 to its requests, and to no others", async () => {
  const proxy = await LayeredProxy.start(
    [route("root", [], [SHOP, "own"]), route("child", ["root"], ["Path(`/gone`)", "gone"], ["Path(`/here`)", "here"])],
    ["own", "here"],
  );
  expect(await proxy.answers("/gone")).toBe(503);
  expect(await proxy.answers("/here")).toBe("here /here");
  expect(await proxy.answers("/other")).toBe("own /other");
});

test("a parent that cannot be built lets no request through to its children", async () => {
  const child = route("child", ["root"], ["Path(`/child`)", "web"]);
  const proxy = await LayeredProxy.start([route("root", [], [SHOP, undefined, "gone"]), child], ["web"]);
  expect(await proxy.answers("/child")).toBe(503);
});

test("a middleware of the parent that answers keeps the request from every child", async () => {
  const proxy = await LayeredProxy.start(
    [
      middleware("secure", "{ redirectScheme: { scheme: https } }"),
      route("root", [], [SHOP, undefined, "secure"]),
      route("child", ["root"], ["Path(`/child`)", "web"]),
    ],
    ["web"],
  );
  expect(await proxy.answers("/child")).toBe(302);
});

test("children of one parent are tried by their own order, and are nobody else's", async () => {
  const proxy = await LayeredProxy.start(
    [
      route("root", [], [`${SHOP} && PathPrefix(\`/a\`)`], [`${SHOP} && PathPrefix(\`/b\`)`, "own"]),
      route("long", ["root"], ["PathPrefix(`/a/long`) || PathPrefix(`/b/long`)", "long"]),
      route("short", ["root"], ["PathPrefix(`/a`)", "short"]),
      route("alone", [], ["Host(`*`) && PathPrefix(`/c`)", "own"]),
    ],
    ["own", "long", "short"],
  );
  expect(await proxy.answers("/a/long")).toBe("long /a/long");
  expect(await proxy.answers("/b/long")).toBe("long /b/long");
  expect(await proxy.answers("/a/x")).toBe("short /a/x");
  expect(await proxy.answers("/b/x")).toBe("own /b/x");
  expect(await proxy.answers("/c/x")).toBe("own /c/x");
  expect(await proxy.answers("/x")).toBe(404);
});

test("layers nest up to their limit; what is deeper answers 503", async () => {
  const prefixes = Array.from({ length: LAYERS_MAX + 1 }, (_, at) => `/${at + 1}`);
  const layers = prefixes.map((prefix, at) => {
    const adds = middleware(`adds${at + 1}`, `{ addPrefix: { prefix: ${prefix} } }`);
    const match = at === 0 ? SHOP : `PathPrefix(\`${prefixes[at - 1]}\`) && !PathRegexp(\`stop${at}$\`)`;
    return `${adds}---\n${route(`l${at + 1}`, at === 0 ? [] : [`l${at}`], [match, "web", `adds${at + 1}`])}`;
  });
  const proxy = await LayeredProxy.start(layers, ["web"]);
  expect(await proxy.answers("/stop1")).toBe("web /1/stop1");
  expect(await proxy.answers("/stop3")).toBe("web /3/2/1/stop3");
  expect(await proxy.answers(`/stop${LAYERS_MAX}`)).toBe(
    `web ${prefixes.slice(0, LAYERS_MAX).reverse().join("")}/stop${LAYERS_MAX}`,
  );
  expect(await proxy.answers("/on")).toBe(503);
});

test("children come, change and go without a restart, on connections that are open", async () => {
  const proxy = await LayeredProxy.start(
    [route("root", [], [SHOP, "own"]), route("other", [], ["Host(`other.test`)", "own"])],
    ["own", "one", "two"],
  );
  const client = await clientOf(proxy.proxy);
  const ask = async (path: string) => {
    client.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n\r\n`);
    return (await client.response()).body;
  };
  expect(await ask("/x")).toBe("own /x");
  await proxy.change([route("child", ["root"], ["Path(`/x`)", "one"])]);
  expect(await ask("/x")).toBe("one /x");
  await proxy.change([route("child", ["root"], ["Path(`/x`)", "two"])]);
  expect(await ask("/x")).toBe("two /x");
  await proxy.change([route("child", ["root"], ["Path(`/y`)", "two"])]);
  expect([await ask("/x"), await ask("/y")]).toEqual(["own /x", "two /y"]);
  await proxy.change([route("child", ["other"], ["Path(`/y`)", "two"])]);
  expect(await ask("/y")).toBe("own /y");
  await proxy.change([route("child", ["root"], ["Path(`/y`)", "two"])]);
  expect(await ask("/y")).toBe("two /y");
  await proxy.change([], "child");
  expect(await ask("/y")).toBe("own /y");
});

test("a cycle that a root leads to answers 503 there", async () => {
  const proxy = await LayeredProxy.start(
    [
      route("root", [], [SHOP, "own"]),
      route("a", ["b", "root"], ["Path(`/a`)", "own"]),
      route("b", ["a"], ["PathPrefix(`/`)", "own"]),
    ],
    ["own"],
  );
  expect([await proxy.answers("/a"), await proxy.answers("/x")]).toEqual([503, "own /x"]);
});
