import { connect, createServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import type { Resource } from "../../../src/model/resource.ts";
import { ANY, entryPoint, type ProxyOptions, route, TestProxy, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, eventually } from "../http1/set-up.ts";
import { certificateFor } from "./certificates.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

async function secureProxy(
  resources: readonly Resource[],
  options: ProxyOptions = {},
): Promise<{ proxy: TestProxy; upstream: Upstream }> {
  const upstream = await Upstream.answering(OK);
  const secure = entryPoint("secure", { tls: true });
  const app = route("app", ANY, [upstream.server], { router: { entryPoints: ["secure"] } });
  const proxy = await TestProxy.start(options, [secure, ...app, ...resources]);
  afterTest(() => proxy.close());
  afterTest(() => upstream.close());
  return { proxy, upstream };
}

async function client(proxy: TestProxy, servername?: string): Promise<RawClient> {
  const made = await RawClient.secure(proxy.port("secure"), servername === undefined ? {} : { servername });
  afterTest(() => made.close());
  return made;
}

/** Common name of the certificate a client is shown. */
function shown(of: RawClient): string | undefined {
  return (of.socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined;
}

test("the name a client asks for chooses the certificate", async () => {
  const certificates = [
    await certificateFor("exact", ["a.test"]),
    await certificateFor("wild", ["*.wild.test"]),
    await certificateFor("both", ["b.wild.test"]),
  ];
  const { proxy } = await secureProxy(certificates);
  for (const [name, expected] of [
    ["a.test", "exact"],
    ["A.TEST", "exact"],
    ["x.wild.test", "wild"],
    ["b.wild.test", "both"],
    ["x.y.wild.test", "FAIRWAY DEFAULT CERTIFICATE"],
    ["other.test", "FAIRWAY DEFAULT CERTIFICATE"],
    [undefined, "FAIRWAY DEFAULT CERTIFICATE"],
  ] as const) {
    expect([name, shown(await client(proxy, name))]).toEqual([name, expected]);
  }
});

test("requests pass over TLS, many on one connection, and servers learn of it", async () => {
  const { proxy, upstream } = await secureProxy([]);
  const made = await client(proxy, "a.test");
  for (let i = 0; i < 3; i++) {
    made.send(GET);
    expect((await made.response()).body).toBe("ok");
  }
  expect(upstream.received[0]).toContain("X-Forwarded-Proto: https\r\n");
  expect(upstream.received[0]).toContain("X-Forwarded-Port: 443\r\n");
  expect((made.socket as TLSSocket).getProtocol()).toBe("TLSv1.3");
  expect((made.socket as TLSSocket).getPeerCertificate().subject).toBeDefined();
});

test("a certificate that changes is shown to the next client", async () => {
  const { proxy } = await secureProxy([await certificateFor("site", ["a.test"])]);
  const before = (await client(proxy, "a.test")).socket as TLSSocket;
  await proxy.apply([await certificateFor("site", ["a.test"])]);
  const after = (await client(proxy, "a.test")).socket as TLSSocket;
  expect(after.getPeerCertificate().fingerprint256).not.toBe(before.getPeerCertificate().fingerprint256);
});

test("a ClientHello that comes a byte at a time gets the certificate it asks for", async () => {
  const { proxy } = await secureProxy([await certificateFor("site", ["a.test"])]);
  const relay = await startFragmenter(proxy.port("secure"), (hello) => [
    ...[...hello.subarray(0, 150)].map((byte) => Buffer.of(byte)),
    hello.subarray(150),
  ]);
  const made = await RawClient.secure(relay.port, { servername: "a.test" });
  afterTest(() => made.close());
  expect(shown(made)).toBe("site");
});

test("a ClientHello spread over several records gets the certificate it asks for: its policy cannot be dodged", async () => {
  const { proxy } = await secureProxy([await certificateFor("site", ["a.test"])]);
  const relay = await startFragmenter(proxy.port("secure"), (hello) => {
    const message = hello.subarray(5);
    const records: Buffer[] = [];
    for (let at = 0; at < message.length; at += 40) {
      const part = message.subarray(at, at + 40);
      records.push(Buffer.concat([hello.subarray(0, 3), Buffer.of(part.length >> 8, part.length & 255), part]));
    }
    return records;
  });
  const made = await RawClient.secure(relay.port, { servername: "a.test", maxVersion: "TLSv1.3" });
  afterTest(() => made.close());
  expect(shown(made)).toBe("site");
  made.send(GET);
  expect((await made.response()).status).toBe(200);
});

test("a session resumes, on another worker too: they share their ticket keys", async () => {
  const first = await secureProxy([]);
  const second = await secureProxy([]);
  const made = await client(first.proxy, "a.test");
  const session = await new Promise<Buffer>((resolve) => {
    (made.socket as TLSSocket).once("session", resolve);
    made.send(GET);
  });
  for (const { proxy } of [first, second]) {
    const again = await RawClient.secure(proxy.port("secure"), { servername: "a.test", session });
    afterTest(() => again.close());
    again.send(GET);
    await again.response();
    expect((again.socket as TLSSocket).isSessionReused()).toBe(true);
  }
});

test("TLS below 1.2 is not spoken", async () => {
  const { proxy } = await secureProxy([]);
  const attempt = RawClient.secure(proxy.port("secure"), {
    maxVersion: "TLSv1.1",
    minVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await expect(attempt).rejects.toThrow();
});

test.for([
  [["http/1.1", "h2"], "h2"],
  [["spdy/3", "http/1.1"], "http/1.1"],
] as const)("of %j, %s is agreed on", async ([ALPNProtocols, agreed]) => {
  const { proxy } = await secureProxy([]);
  const made = await RawClient.secure(proxy.port("secure"), { ALPNProtocols: [...ALPNProtocols] });
  afterTest(() => made.close());
  expect((made.socket as TLSSocket).alpnProtocol).toBe(agreed);
});

test.each([
  ["plain HTTP", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"],
  ["noise", "\x16\x03\x01\xff\xff\x02"],
  ["a hello beyond the limit", `\x16\x03\x01\x40\x00\x01\x01\x00\x00${"x".repeat(20_000)}`],
])("%s on a TLS entry point ends the connection", async (_, bytes) => {
  const { proxy } = await secureProxy([]);
  const made = await RawClient.connect(proxy.port("secure"));
  afterTest(() => made.close());
  made.send(bytes);
  await made.until(() => made.isClosed || made.hasEnded);
  made.close();
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

test("a client that never gets to the end of its hello, or of its handshake, is closed on", async () => {
  const { proxy } = await secureProxy([], { timeouts: { handshakeMs: 150 } });
  const silent = await RawClient.connect(proxy.port("secure"));
  const half = await RawClient.connect(proxy.port("secure"));
  half.send("\x16\x03\x01\x02\x00\x01");
  for (const made of [silent, half]) {
    afterTest(() => made.close());
    await made.until(() => made.isClosed || made.hasEnded);
  }
});

test("a client that leaves in the middle of its hello leaves nothing behind", async () => {
  const { proxy } = await secureProxy([]);
  const made = await RawClient.connect(proxy.port("secure"));
  afterTest(() => made.close());
  made.send("\x16\x03\x01\x02\x00\x01");
  await eventually(() => proxy.count("connectionsOpen") === 1);
  made.socket.end();
  await made.until(() => made.isClosed || made.hasEnded);
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

test("megabytes pass over TLS both ways, with a client that reads slowly", async () => {
  const size = 4_000_000;
  const upstream = await Upstream.start((socket, received, connection) => {
    if (received.length < size) return;
    if (connection === 0) upstream.received[0] = "";
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n`);
    socket.write(Buffer.alloc(size, "y"));
    socket.write("\r\n0\r\n\r\n");
  });
  afterTest(() => upstream.close());
  const { proxy } = await secureProxy([]);
  await proxy.apply(route("app", ANY, [upstream.server], { router: { entryPoints: ["secure"] } }));
  const made = await client(proxy, "a.test");
  made.send(`PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`);
  made.send(Buffer.alloc(size, "x"));
  made.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  made.socket.resume();
  expect((await made.response()).body === "y".repeat(size)).toBe(true);
});

test("a response cut short resets its connection", async () => {
  const upstream = await Upstream.start((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"));
  afterTest(() => upstream.close());
  const { proxy } = await secureProxy([]);
  await proxy.apply(route("app", ANY, [upstream.server], { router: { entryPoints: ["secure"] } }));
  const made = await client(proxy, "a.test");
  made.send(GET);
  await made.until(() => made.isClosed);
  expect(made.received).toMatch(/short$/);
  expect(made.error?.code).toBe("ECONNRESET");
});

test("a tunnel runs over TLS", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    else socket.write(received.slice(received.indexOf("\r\n\r\n") + 4));
  });
  afterTest(() => upstream.close());
  const { proxy } = await secureProxy([]);
  await proxy.apply(route("app", ANY, [upstream.server], { router: { entryPoints: ["secure"] } }));
  const made = await client(proxy, "a.test");
  made.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await made.untilText("101");
  made.send("ping");
  await made.untilText("ping");
  made.socket.end();
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

/** A relay in front of a TLS port that sends the ClientHello in pieces, each alone in its packet. */
async function startFragmenter(port: number, cut: (hello: Buffer) => readonly Buffer[]): Promise<{ port: number }> {
  const server = createServer((downstream) => {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    let isFirst = true;
    downstream.on("data", async (data) => {
      if (!isFirst) {
        upstream.write(data);
        return;
      }
      isFirst = false;
      downstream.pause();
      for (const piece of cut(data as Buffer)) {
        upstream.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      downstream.resume();
    });
    upstream.pipe(downstream);
    for (const socket of [downstream, upstream]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        downstream.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterTest(() => server.close());
  const address = server.address();
  return { port: address !== null && typeof address === "object" ? address.port : 0 };
}
