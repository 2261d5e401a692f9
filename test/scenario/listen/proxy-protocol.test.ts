import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { entryPoint, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, clientOf, eventually, proxyFor, READ_MODES, type SetUp } from "../http1/set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const LINE = "PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n";
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const IPV4 = "\xcb\x00\x71\x08\n\0\0\x01\xdc\x04\x01\xbb";
const BINARY = `${SIGNATURE}\x21\x11\0\x0f${IPV4}\x04\0\0`;
const HERE = ["127.0.0.0/8"];

async function behind(setUp: SetUp = {}) {
  const upstream = await Upstream.answering(OK);
  const web = { proxyProtocolFrom: HERE, ...setUp.entryPoint };
  const proxy = await proxyFor([upstream], { sweepMs: 20, ...setUp, entryPoint: web });
  return { upstream, proxy };
}

/** X-Forwarded-For of the last request that the upstream got. */
function forwardedFor({ received }: Upstream): string | undefined {
  return [...(received.at(-1) ?? "").matchAll(/X-Forwarded-For: (.*)\r/gi)].at(-1)?.[1];
}

test.for([
  ["version 1", LINE, "203.0.113.7"],
  ["version 2", BINARY, "203.0.113.8"],
  ["version 1, unknown", "PROXY UNKNOWN\r\n", "127.0.0.1"],
  ["version 2, local", `${SIGNATURE}\x20\0\0\0`, "127.0.0.1"],
] as const)("%s names the client, wherever the bytes are split", async ([, header, address]) => {
  for (const readMode of READ_MODES) {
    const { upstream, proxy } = await behind({ readMode });
    for (const split of [0, 1, 6, 13, header.length - 1, header.length, header.length + 1, header.length + GET.length - 1]) {
      const client = await clientOf(proxy);
      const bytes = header + GET;
      client.send(bytes.slice(0, split));
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.send(bytes.slice(split));
      expect((await client.response()).status).toBe(200);
      expect(forwardedFor(upstream)).toBe(address);
      // The connection goes on as any other.
      client.send(GET + GET);
      expect([(await client.response()).status, (await client.response()).status]).toEqual([200, 200]);
      client.close();
    }
    await eventually(() => proxy.count("connectionsOpen") === 0);
  }
});

test("a client that closes its half right behind its request is answered", async () => {
  for (const readMode of READ_MODES) {
    const { proxy } = await behind({ readMode });
    for (const header of [LINE, BINARY]) {
      const client = await clientOf(proxy);
      client.send(header + GET);
      client.socket.end();
      expect((await client.response()).status).toBe(200);
      await client.untilEnd();
    }
    const silent = await clientOf(proxy);
    silent.send(LINE);
    silent.socket.end();
    expect(await silent.untilEnd()).toBe("");
    await eventually(() => proxy.count("connectionsOpen") === 0);
  }
});

test("a long body behind the header arrives whole", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("end")) socket.write(OK);
  });
  const proxy = await proxyFor([upstream], { entryPoint: { proxyProtocolFrom: HERE } });
  const client = await clientOf(proxy);
  const body = `${"x".repeat(1 << 20)}end`;
  client.send(`${LINE}POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect((await client.response()).status).toBe(200);
  expect(upstream.received[0]?.endsWith(`\r\n\r\n${body}`)).toBe(true);
});

test("what the header says stands in the access log, and decides who is trusted to name others", async () => {
  const { upstream, proxy } = await behind({
    trustedProxies: ["203.0.113.7"],
    accessLog: { format: "json", fields: ["client"], headers: {} },
  });
  for (const [header, expected] of [
    [LINE, "192.0.2.9, 203.0.113.7"],
    [BINARY, "203.0.113.8"],
  ] as const) {
    const client = await clientOf(proxy);
    client.send(`${header}GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n`);
    expect((await client.response()).status).toBe(200);
    expect(forwardedFor(upstream)).toBe(expected);
    client.close();
  }
  await eventually(() => proxy.accessLines().length === 2);
  expect(proxy.accessLines()).toEqual(['{"client":"203.0.113.7"}', '{"client":"203.0.113.8"}']);
});

test("from a peer that is not trusted the header is the client's own bytes, and no request", async () => {
  const { proxy } = await behind({ entryPoint: { proxyProtocolFrom: ["192.0.2.0/24"] } });
  for (const header of [LINE, BINARY]) {
    const client = await clientOf(proxy);
    client.send(header + GET);
    expect((await client.response()).status).toBe(400);
    await client.untilEnd();
  }
  const plain = await clientOf(proxy);
  plain.send(GET);
  expect((await plain.response()).status).toBe(200);
});

test.for([
  ["a request without a header", GET],
  ["a line that is too long", `PROXY UNKNOWN ${"x".repeat(93)}`],
  ["a header of another version", `${SIGNATURE}\x31\x11\0\f${IPV4}${GET}`],
] as const)("a trusted peer that sends %s is let go without an answer", async ([, bytes]) => {
  const { upstream, proxy } = await behind();
  const client = await clientOf(proxy);
  client.send(bytes);
  expect(await client.untilEnd()).toBe("");
  expect(proxy.count("proxyHeadersRefused")).toBe(1);
  expect(proxy.count("connectionsOpen")).toBe(0);
  expect(upstream.connections).toEqual([]);
});

test.for([
  ["nothing", ""],
  ["part of a line", "PROXY TCP4 203"],
  ["part of a header", SIGNATURE],
] as const)("a trusted peer that sends %s has only so long", async ([, bytes]) => {
  const { proxy } = await behind({ policy: { handshakeMs: 100 } });
  const client = await clientOf(proxy);
  client.send(bytes);
  await eventually(() => proxy.count("connectionsOpen") === 1);
  expect(await client.untilEnd()).toBe("");
  expect([proxy.count("connectionsOpen"), proxy.count("proxyHeadersRefused")]).toEqual([0, 1]);
});

test("a peer that vanishes within its header leaves nothing behind", async () => {
  const { proxy } = await behind();
  for (const bytes of ["", "PROXY", SIGNATURE]) {
    const client = await clientOf(proxy);
    client.send(bytes);
    await eventually(() => proxy.count("connectionsOpen") === 1);
    client.close();
    await eventually(() => proxy.count("connectionsOpen") === 0);
  }
  expect(proxy.count("proxyHeadersRefused")).toBe(0);
});

test("the header comes before TLS, together with the ClientHello or before it", async () => {
  const { upstream, proxy } = await behind({ entryPoint: { tls: true } });
  for (const header of [LINE, BINARY]) {
    const tcp = await RawClient.connect(proxy.port());
    afterTest(() => tcp.close());
    tcp.send(header);
    const tls = connectTls({ socket: tcp.socket, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
    await once(tls, "secureConnect");
    let received = "";
    tls.on("data", (data) => (received += data));
    tls.write(GET);
    await eventually(() => received.includes("200 OK"));
    expect(forwardedFor(upstream)).toBe(header === LINE ? "203.0.113.7" : "203.0.113.8");
  }
});

test("a change of who is trusted holds for the next connection", async () => {
  const { proxy, upstream } = await behind({ entryPoint: { proxyProtocolFrom: ["192.0.2.1"] } });
  await proxy.apply([entryPoint("web", { proxyProtocolFrom: HERE })]);
  const client = await clientOf(proxy);
  client.send(LINE + GET);
  expect((await client.response()).status).toBe(200);
  expect(forwardedFor(upstream)).toBe("203.0.113.7");
});
