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
