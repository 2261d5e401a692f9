import { expect, test } from "vitest";
import type { GenerationUpdate } from "../../../src/proxy/messages.ts";
import { ANY, entryPoint, route, router, TestProxy, Upstream } from "./harness.ts";
import { RawClient } from "./raw-client.ts";
import { afterTest, clientOf, eventually, proxyFor } from "./set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

async function freePort(): Promise<number> {
  const upstream = await Upstream.answering("");
  const { port } = upstream;
  upstream.close();
  return port;
}

test("no route is answered 404, a tombstone 503, a service without servers 503", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream], { router: { rule: { op: "match", matcher: "Host", args: ["app.test"] } } });
  const host = (name: string) => ({ op: "match", matcher: "Host", args: [name] }) as const;
  await proxy.apply([
    router("grave", host("grave.test"), { tombstone: ["ServiceNotFound"] }),
    ...route("empty", host("empty.test"), []),
  ]);
  const client = await clientOf(proxy);
  for (const [name, status] of [
    ["app.test", 200],
    ["nobody.test", 404],
    ["grave.test", 503],
    ["empty.test", 503],
  ] as const) {
    client.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    const response = await client.response();
    expect([name, response.status]).toEqual([name, status]);
    if (status === 404) expect(response.body).toBe("404 page not found\n");
  }
});

test("requests under way and connections survive a change of everything about their route", async () => {
  const before = await Upstream.start((socket) => setTimeout(() => socket.write(OK.replace("ok", "b4")), 100));
  const after = await Upstream.answering(OK.replace("ok", "af"));
  const proxy = await proxyFor([before]);
  afterTest(() => after.close());
  const client = await clientOf(proxy);
  client.send(GET);
  await eventually(() => before.received.length > 0);
  await proxy.apply(route("app", ANY, [after.server], { passHostHeader: false }));
  expect((await client.response()).body).toBe("b4");
  client.send(GET);
  expect((await client.response()).body).toBe("af");
});

test("an entry point that is added is opened, one that is removed closes when it has become quiet", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const port = await freePort();
  const added = entryPoint("more", { port });
  await proxy.apply([added, ...route("app", ANY, [upstream.server], { router: { entryPoints: ["more", "web"] } })]);
  const client = await RawClient.connect(port);
  afterTest(() => client.close());
  client.send(GET);
  expect((await client.response()).status).toBe(200);
  await proxy.apply(route("app", ANY, [upstream.server]), [added.id]);
  client.send(GET);
  const last = await client.response();
  expect([last.status, last.headers.connection]).toEqual([503, "close"]);
  await client.untilEnd();
  client.close();
  await eventually(() => proxy.worker.entryPoints.connectionCount === 0);
  await expect
    .poll(
      () =>
        RawClient.connect(port).then(
          (late) => late.close() ?? "open",
          () => "closed",
        ),
      { timeout: 8_000, interval: 2_500 },
    )
    .toBe("closed");
});

test("a connection that comes between the two steps of a change waits for the second", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const port = await freePort();
  const update: GenerationUpdate = proxy.build([
    entryPoint("more", { port }),
    ...route("app", ANY, [upstream.server], { router: { entryPoints: ["more"] } }),
  ]);
  await proxy.take({ type: "prepare", update, alone: false });
  const client = await RawClient.connect(port);
  afterTest(() => client.close());
  client.send(GET);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(client.received).toBe("");
  await proxy.take({ type: "switch", sequence: update.sequence });
  expect((await client.response()).status).toBe(200);
});

test("a worker that is alone takes both steps at once, but for a generation that it refuses", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const port = await freePort();
  const update = proxy.build([
    entryPoint("more", { port }),
    ...route("more", ANY, [upstream.server], { router: { entryPoints: ["more"] } }),
  ]);
  const bytes = new SharedArrayBuffer(3);
  await proxy.take({ type: "prepare", update: { ...update, index: [{ shard: 0, bytes }] }, alone: true });
  expect(proxy.messages.at(-1)).toMatchObject({ type: "prepared", refusal: expect.any(String), hasSwitched: false });
  await expect(RawClient.connect(port)).rejects.toThrow("ECONNREFUSED");
  await proxy.take({ type: "prepare", update, alone: true });
  expect(proxy.messages.at(-1)).toMatchObject({ type: "prepared", refusal: null, hasSwitched: true });
  const client = await RawClient.connect(port);
  afterTest(() => client.close());
  client.send(GET);
  expect((await client.response()).status).toBe(200);
});

test("a worker listens when it has switched to what is current, not on what it was started with", async () => {
  const upstream = await Upstream.answering(OK);
  afterTest(() => upstream.close());
  const builder = await TestProxy.start({}, []);
  afterTest(() => builder.close());
  const port = await freePort();
  const generation = builder.build([
    entryPoint("more", { port }),
    ...route("more", ANY, [upstream.server], { router: { entryPoints: ["more"] } }),
  ]);
  const successor = await TestProxy.start({ generation }, []);
  afterTest(() => successor.close());
  expect(successor.messages).toEqual([{ type: "ready", sequence: generation.sequence }]);
  await expect(RawClient.connect(port)).rejects.toThrow("ECONNREFUSED");
  await successor.take({ type: "prepare", update: { ...generation, index: [], resources: [] }, alone: false });
  await successor.take({ type: "switch", sequence: generation.sequence });
  const client = await RawClient.connect(port);
  afterTest(() => client.close());
  client.send(GET);
  expect((await client.response()).status).toBe(200);
});

test("a generation that breaks the format is refused, and what runs runs on", async () => {
  const proxy = await proxyFor([await Upstream.answering(OK)]);
  const bytes = new SharedArrayBuffer(3);
  const update: GenerationUpdate = { ...proxy.build([]), index: [{ shard: 0, bytes }] };
  await proxy.take({ type: "prepare", update, alone: false });
  expect(proxy.messages.at(-1)).toMatchObject({ type: "prepared", problem: null, refusal: expect.any(String) });
  const client = await clientOf(proxy);
  client.send(GET);
  expect((await client.response()).status).toBe(200);
});

test("an address that cannot be had is told, and the rest goes on", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const update = proxy.build([entryPoint("taken", { port: upstream.port })]);
  await proxy.take({ type: "prepare", update, alone: false });
  const answer = proxy.messages.findLast((message) => message.type === "prepared");
  expect(answer?.problem).toMatch(/^entry point "taken": .*EADDRINUSE/);
  await proxy.take({ type: "switch", sequence: update.sequence });
  const client = await clientOf(proxy);
  client.send(GET);
  expect((await client.response()).status).toBe(200);
});

test("weights share requests out, and a weight of 0 gets none", async () => {
  const named = (name: string) => Upstream.answering(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`);
  const upstreams = [await named("a"), await named("b"), await named("c")];
  for (const upstream of upstreams) afterTest(() => upstream.close());
  const leaves = upstreams.map(({ server }, i) => route(`leaf${i}`, ANY, [server]).slice(1));
  const members = leaves.map(([service], i) => ({ service: service?.id, weight: [3, 1, 0][i] }));
  const [shared, template] = route("shared", ANY, []);
  const weighted = {
    type: "weighted",
    id: template?.id,
    origin: { kind: "Service", namespace: "test", name: "shared" },
    services: members,
  };
  const proxy = await TestProxy.start({}, [entryPoint("web"), shared, weighted, ...leaves.flat()] as Parameters<
    typeof TestProxy.start
  >[1]);
  afterTest(() => proxy.close());
  const client = await clientOf(proxy);
  let seen = "";
  for (let i = 0; i < 8; i++) {
    client.send(GET);
    seen += (await client.response()).body;
  }
  expect(seen).toBe("aabaaaba");
});

test("an external name is served at its addresses, and answered for with 502 while it has none", async () => {
  const upstream = await Upstream.answering(OK);
  const external = { server: { address: "app.example", port: upstream.port }, close: () => upstream.close() } as Upstream;
  const proxy = await proxyFor([external], { passHostHeader: false });
  const client = await clientOf(proxy);
  client.send(GET);
  expect((await client.response()).status).toBe(502);
  await proxy.take({ type: "names", names: [{ hostname: "app.example", addresses: ["127.0.0.1"] }] });
  client.send(GET);
  expect((await client.response()).status).toBe(200);
  expect(upstream.received[0]).toContain(`Host: app.example:${upstream.port}\r\n`);
});

test("an entry point that gets another name keeps its listener and its connections", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const port = await freePort();
  const serve = (name: string) => [
    entryPoint(name, { port }),
    ...route("app", ANY, [upstream.server], { router: { entryPoints: [name] } }),
  ];
  await proxy.apply(serve("before"));
  const client = await RawClient.connect(port);
  afterTest(() => client.close());
  client.send(GET);
  expect((await client.response()).status).toBe(200);
  await proxy.apply(serve("after"), [entryPoint("before").id]);
  client.send(GET);
  const response = await client.response();
  expect([response.status, response.headers.connection]).toEqual([200, undefined]);
});
