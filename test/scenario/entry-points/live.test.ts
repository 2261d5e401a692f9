import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { EntryPoint } from "../../../src/schema/gen/fairway-class.ts";
import { until } from "../channel/world.ts";
import { ask, Load } from "../dev/ask.ts";
import { RawClient } from "../http1/raw-client.ts";
import { ClassProxy, freePorts, HOST } from "./class-proxy.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A FairwayClass is live: what it says of entry points is done without a restart, and no request is lost for it. */

const at = (port: number, name = "web", rest: Partial<EntryPoint> = {}): EntryPoint => ({
  name,
  address: `127.0.0.1:${port}`,
  ...rest,
});

async function proxyOn(...entryPoints: readonly EntryPoint[]): Promise<ClassProxy> {
  const proxy = await ClassProxy.start(entryPoints);
  cleanups.push(() => proxy.close());
  return proxy;
}

function loadOn(port: number): Load {
  const load = new Load(port, HOST, 6);
  cleanups.push(() => load.stop());
  return load;
}

async function goesOn(load: Load, requests = 100): Promise<void> {
  const before = load.count;
  await until("it was asked on", () => load.count >= before + requests);
}

async function outcomes(load: Load): Promise<readonly string[]> {
  return [...(await load.stop()).keys()];
}

async function isOpen(port: number): Promise<boolean> {
  return RawClient.connect(port).then(
    (client) => {
      client.close();
      return true;
    },
    () => false,
  );
}

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

test("an entry point that is added is opened, and one that is removed closes, while another carries traffic", async () => {
  const [one = 0, two = 0] = await freePorts(2);
  const proxy = await proxyOn(at(one));
  const load = loadOn(one);
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([at(one), at(two, "more")]));
  expect(await ask(two, { host: HOST })).toMatchObject({ status: 200, body: "blue" });
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([at(one)]));
  await expect.poll(() => isOpen(two), { timeout: 10_000, interval: 2_500 }).toBe(false);
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
});

test("an entry point that moves to another address is served on both until nobody comes to the old one", async () => {
  const [before = 0, after = 0] = await freePorts(2);
  const proxy = await proxyOn(at(before));
  const load = loadOn(before);
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([at(after)]));
  const moved = loadOn(after);
  await goesOn(moved);
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
  await expect.poll(() => isOpen(before), { timeout: 10_000, interval: 2_500 }).toBe(false);
  await goesOn(moved);
  expect(await outcomes(moved)).toEqual(["200 blue"]);
});

test("an entry point that comes back while it leaves goes on as if nothing had been", async () => {
  const [one = 0, two = 0] = await freePorts(2);
  const proxy = await proxyOn(at(one), at(two, "more"));
  const load = loadOn(one);
  await proxy.settled(() => proxy.setClass([at(one)]));
  await proxy.settled(() => proxy.setClass([at(one), at(two, "more")]));
  const back = loadOn(two);
  // Longer than a listener that leaves waits for a connection.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  await goesOn(back);
  expect(await outcomes(back)).toEqual(["200 blue"]);
  expect(await outcomes(load)).toEqual(["200 blue"]);
});

test("an entry point moves from all addresses to one, and back, on the same port", async () => {
  const [port = 0] = await freePorts(1);
  const everywhere: EntryPoint = { name: "web", address: `:${port}` };
  const proxy = await proxyOn(everywhere);
  const load = loadOn(port);
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([at(port)]));
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([everywhere]));
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
  expect(proxy.events.filter(({ event }) => event === "entryPointFailed")).toEqual([]);
});

test("a policy that changes under traffic fails no request, and holds for connections that come after", async () => {
  const [port = 0] = await freePorts(1);
  const proxy = await proxyOn(at(port));
  const load = loadOn(port);
  const old = await RawClient.connect(port);
  cleanups.push(() => old.close());
  const large = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Large: ${"x".repeat(2_000)}\r\n\r\n`;
  old.send(large);
  expect((await old.response()).status).toBe(200);
  await goesOn(load);
  const limits = { requestHeadBytes: 1_024, requestsPerConnection: 2 };
  await proxy.settled(() => proxy.setClass([at(port, "web", { limits, timeouts: { keepAlive: "1s" } })]));
  await goesOn(load);
  for (let i = 0; i < 3; i++) {
    old.send(large);
    expect((await old.response()).status).toBe(200);
  }
  const fresh = await RawClient.connect(port);
  cleanups.push(() => fresh.close());
  fresh.send(large);
  expect((await fresh.response()).status).toBe(431);
  const counted = await RawClient.connect(port);
  cleanups.push(() => counted.close());
  counted.send(GET);
  expect((await counted.response()).headers.connection).toBeUndefined();
  counted.send(GET);
  expect((await counted.response()).headers.connection).toBe("close");
  expect(await outcomes(load)).toEqual(["200 blue"]);
});

test("an entry point whose port is taken is opened when it becomes free", async () => {
  const [port = 0] = await freePorts(1);
  const squatter = createServer().listen(port, "127.0.0.1");
  await once(squatter, "listening");
  cleanups.push(() => squatter.close());
  const [other = 0] = await freePorts(1);
  const proxy = await proxyOn(at(port), at(other, "other"));
  const failed = () => proxy.events.filter(({ event }) => event === "entryPointFailed").length;
  expect(failed()).toBe(1);
  expect(await ask(other, { host: HOST })).toMatchObject({ status: 200 });
  const load = loadOn(other);
  squatter.close();
  await until("it is open", () => proxy.events.some((one) => one.event === "listening" && one.entryPoint.port === port));
  expect(await ask(port, { host: HOST })).toMatchObject({ status: 200, body: "blue" });
  expect(failed()).toBe(1);
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
});

test("what cannot be honoured, and a FairwayClass that is gone, leave entry points as they were", async () => {
  const [port = 0] = await freePorts(1);
  const proxy = await proxyOn(at(port));
  const load = loadOn(port);
  await goesOn(load);
  const codes = () => proxy.problems().map(({ code }) => code);
  proxy.setClass([at(port, "web", { tls: { certResolver: "nobody" } })]);
  await until("it is told", () => codes().includes("NotSupported"));
  await goesOn(load);
  proxy.deleteClass();
  await until("it is told", () => codes().includes("FairwayClassNotFound"));
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
  expect(proxy.events.filter(({ event }) => event === "closed")).toEqual([]);
});

test("an operator that starts anew and cannot honour an entry point leaves it to the proxies that have it", async () => {
  const [port = 0, other = 0] = await freePorts(2);
  const proxy = await proxyOn(at(port));
  const load = loadOn(port);
  await goesOn(load);
  proxy.setClass([at(port, "web", { tls: { certResolver: "nobody" } })]);
  await until("it is told", () => proxy.problems().some(({ code }) => code === "NotSupported"));
  await proxy.settled(() => void proxy.restartOperator());
  await goesOn(load);
  await proxy.settled(() => proxy.setClass([at(port, "web", { tls: { certResolver: "nobody" } }), at(other, "other")]));
  expect(await ask(other, { host: HOST })).toMatchObject({ status: 200 });
  await goesOn(load);
  expect(await outcomes(load)).toEqual(["200 blue"]);
  expect(proxy.events.filter(({ event }) => event === "closed")).toEqual([]);
});

test("a port that becomes TLS serves nobody in plaintext from then on, and the other way round", async () => {
  const [port = 0] = await freePorts(1);
  const proxy = await proxyOn(at(port));
  const old = await RawClient.connect(port);
  cleanups.push(() => old.close());
  old.send(GET);
  expect((await old.response()).status).toBe(200);
  await proxy.settled(() => proxy.setClass([at(port, "web", { tls: {} })]));
  expect(await ask(port, { host: HOST, tls: true })).toMatchObject({ status: 200, body: "blue" });
  old.send(GET);
  const last = await old.response();
  expect([last.status, last.headers.connection]).toEqual([503, "close"]);
  await proxy.settled(() => proxy.setClass([at(port)]));
  expect(await ask(port, { host: HOST })).toMatchObject({ status: 200, body: "blue" });
});
