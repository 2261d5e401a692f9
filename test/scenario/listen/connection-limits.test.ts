import { connect } from "node:net";
import { expect, test } from "vitest";
import { newTally } from "../../../src/proxy/listen/shared-tally.ts";
import { Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, clientOf, eventually, proxyFor, type SetUp } from "../http1/set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

async function proxyWith(setUp: SetUp) {
  return proxyFor([await Upstream.answering(OK)], { sweepMs: 20, ...setUp });
}

async function isServed(client: RawClient): Promise<boolean> {
  client.send(GET);
  await client.until(() => client.received.includes("200 OK") || client.isClosed || client.hasEnded);
  return client.received.includes("200 OK");
}

test("an entry point takes as many connections as it may, over all workers, and one more when one has gone", async () => {
  const tally = newTally(2);
  const policy = { connectionsMax: 2 };
  const [one, two] = [await proxyWith({ policy, tally, slot: 0 }), await proxyWith({ policy, tally, slot: 1 })];
  const [first, second] = [await clientOf(one), await clientOf(two)];
  expect([await isServed(first), await isServed(second)]).toEqual([true, true]);
  for (const proxy of [one, two]) {
    expect(await isServed(await clientOf(proxy))).toBe(false);
    expect(proxy.count("connectionsOverLimit")).toBe(1);
  }
  first.close();
  await eventually(() => one.count("connectionsOpen") === 0);
  expect(await isServed(await clientOf(two))).toBe(true);
  expect(await isServed(await clientOf(one))).toBe(false);
});

test("an address has as many connections as it may, and others are served meanwhile", async () => {
  const proxy = await proxyWith({ policy: { connectionsPerAddressMax: 2 } });
  const held = [await clientOf(proxy), await clientOf(proxy)];
  for (const client of held) expect(await isServed(client)).toBe(true);
  expect(await isServed(await clientOf(proxy))).toBe(false);
  expect(proxy.count("connectionsOverAddressLimit")).toBe(1);
  expect(await isServed(await from("127.0.0.2", proxy.port()))).toBe(true);
  held[0]?.close();
  await eventually(() => proxy.count("connectionsOpen") === 2);
  expect(await isServed(await clientOf(proxy))).toBe(true);
});

test("behind a load balancer it is the client that counts", async () => {
  const proxy = await proxyWith({ policy: { connectionsPerAddressMax: 1 }, entryPoint: { proxyProtocolFrom: ["127.0.0.1"] } });
  const line = (address: string) => `PROXY TCP6 ${address} ::1 1 2\r\n`;
  for (const [address, served] of [
    ["2001:db8::1", true],
    ["2001:db8::2", false],
    ["2001:db8:0:1::1", true],
  ] as const) {
    const client = await clientOf(proxy);
    client.send(line(address));
    expect([address, await isServed(client)]).toEqual([address, served]);
  }
});

test("an entry point has as many upgraded connections as it may, whatever became of those that were refused", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (!received.endsWith("\r\n\r\n")) return;
    const agrees = received.includes("GET /agree");
    socket.write(agrees ? "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" : OK);
  });
  const proxy = await proxyFor([upstream], { sweepMs: 20, policy: { upgradedConnectionsMax: 1 } });
  const ask = async (path: string): Promise<RawClient> => {
    const client = await clientOf(proxy);
    client.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await client.untilText("HTTP/1.1");
    return client;
  };
  for (let turn = 0; turn < 3; turn++) expect((await (await ask("/refuse")).response()).status).toBe(200);
  const first = await ask("/agree");
  expect(first.received).toContain("101");
  const second = await ask("/agree");
  expect((await second.response()).status).toBe(503);
  // A request like any other.
  expect(await isServed(second)).toBe(true);
  first.close();
  await eventually(() => proxy.count("connectionsOpen") === 4);
  expect((await ask("/agree")).received).toContain("101");
});

test("over TLS a connection counts from its first byte on, and no longer when its handshake fails", async () => {
  const proxy = await proxyWith({ policy: { connectionsMax: 1, handshakeMs: 200 }, entryPoint: { tls: true } });
  for (let turn = 0; turn < 3; turn++) {
    const idle = await clientOf(proxy);
    await eventually(() => proxy.count("connectionsOpen") === 1);
    await (await clientOf(proxy)).untilEnd();
    if (turn === 1) idle.send("no TLS\r\n\r\n");
    await idle.untilEnd();
    await eventually(() => proxy.count("connectionsOpen") === 0);
  }
  const secure = await RawClient.secure(proxy.port(), { ALPNProtocols: ["http/1.1"] });
  afterTest(() => secure.close());
  expect(await isServed(secure)).toBe(true);
});

async function from(localAddress: string, port: number): Promise<RawClient> {
  const client = await RawClient.over(connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true }));
  afterTest(() => client.close());
  return client;
}
