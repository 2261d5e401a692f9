import { expect, test } from "vitest";
import { CONNECTIONS_MAX } from "../../../src/proxy/http1/limits.ts";
import { Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor, READ_MODES } from "./set-up.ts";

const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

test.each(READ_MODES)("requests of one connection are answered on one connection to the server (reads: %s)", async (readMode) => {
  const upstream = await Upstream.answering(HELLO);
  const client = await clientOf(await proxyFor([upstream], { readMode }));
  for (let i = 0; i < 3; i++) {
    client.send("GET /a?b=c HTTP/1.1\r\nHost: example.test\r\nAccept: */*\r\n\r\n");
    const response = await client.response();
    expect(response.status).toBe(200);
    expect(response.body).toBe("hello");
    expect(response.headers.date).toBeDefined();
  }
  expect(upstream.connections).toHaveLength(1);
  expect(upstream.received[0]).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\nHost: example\.test\r\nAccept: \*\/\*\r\n/);
});

test("pipelined requests are answered in order, one at a time", async () => {
  const upstream = await Upstream.start((socket, received) => {
    const paths = [...received.matchAll(/GET (\/\d+) /g)].map(([, path]) => path);
    const path = paths.at(-1) as string;
    setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`), 5);
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send([1, 2, 3, 4, 5].map((n) => `GET /${n} HTTP/1.1\r\nHost: a.test\r\n\r\n`).join(""));
  for (const n of [1, 2, 3, 4, 5]) expect((await client.response()).body).toBe(`/${n}`);
  expect(upstream.connections).toHaveLength(1);
});

test("thousands of pipelined requests that we answer ourselves all get their answer", async () => {
  const upstream = await Upstream.answering(HELLO);
  const proxy = await proxyFor([upstream], { router: { entryPoints: ["other"] } });
  const client = await clientOf(proxy);
  client.send(GET.repeat(3_000));
  for (let i = 0; i < 3_000; i++) expect((await client.response()).status).toBe(404);
  expect(proxy.count("requests4xx")).toBe(3_000);
});

test("a pipelining client that reads nothing is read no further than its unread answers allow", async () => {
  const upstream = await Upstream.answering(HELLO);
  const proxy = await proxyFor([upstream], { router: { entryPoints: ["other"] } });
  const client = await clientOf(proxy);
  client.socket.pause();
  for (let i = 0; i < 100; i++) client.send(GET.repeat(4_000));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const answered = proxy.count("requests4xx");
  expect(answered).toBeLessThan(400_000);
  client.socket.resume();
  await eventually(() => proxy.count("requests4xx") > answered);
});

test("Connection: close is honoured, and the client learns that it is", async () => {
  const upstream = await Upstream.answering(HELLO);
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  const response = await client.response();
  expect(response.headers.connection).toBe("close");
  await client.untilEnd();
  expect(upstream.received[0]).not.toContain("close");
});

test("an HTTP/1.0 client is closed after its answer, unless it asks to be kept", async () => {
  const upstream = await Upstream.answering(HELLO);
  const proxy = await proxyFor([upstream]);
  const plain = await clientOf(proxy);
  plain.send("GET / HTTP/1.0\r\n\r\n");
  expect((await plain.response()).headers.connection).toBe("close");
  await plain.untilEnd();
  const kept = await clientOf(proxy);
  for (let i = 0; i < 2; i++) {
    kept.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
    expect((await kept.response()).headers.connection).toBe("keep-alive");
  }
});

test.each(READ_MODES)("a client that has closed its half still gets its answer (reads: %s)", async (readMode) => {
  const upstream = await Upstream.start((socket) => setTimeout(() => socket.write(HELLO), 50));
  const client = await clientOf(await proxyFor([upstream], { readMode }));
  client.socket.end(GET + GET);
  await client.untilEnd();
  expect(client.received.match(/hello/g)).toHaveLength(2);
});

test("a head that comes a byte at a time is served, byte by byte", async () => {
  const upstream = await Upstream.answering(HELLO);
  const client = await clientOf(await proxyFor([upstream]));
  for (const byte of "GET /slow HTTP/1.1\r\nHost: a.test\r\nX-Long: value\r\n\r\n") {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await client.response()).status).toBe(200);
});

test("a response that comes a byte at a time arrives whole", async () => {
  const upstream = await Upstream.start(async (socket) => {
    for (const byte of "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n") {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(GET);
    const response = await client.response();
    expect(response.body).toBe("hello!");
    expect(response.headers["x-a"]).toBe("b");
  }
  expect(upstream.connections).toHaveLength(1);
});

test("while the worker drains every connection ends with its next answer, and an idle one may still ask", async () => {
  const upstream = await Upstream.start((socket) => setTimeout(() => socket.write(HELLO), 100));
  const proxy = await proxyFor([upstream]);
  const [idle, fresh, busy] = [await clientOf(proxy), await clientOf(proxy), await clientOf(proxy)];
  idle.send(GET);
  expect((await idle.response()).headers.connection).toBeUndefined();
  busy.send(GET);
  await eventually(() => upstream.received.join("").split(GET.slice(0, 4)).length === 3);
  await proxy.take({ type: "drain" });
  // As if it crossed our word: a POST, which no client would send again by itself.
  idle.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
  fresh.send(GET);
  for (const client of [idle, fresh, busy]) {
    const response = await client.response();
    expect([response.status, response.headers.connection]).toEqual([200, "close"]);
    await client.untilEnd();
  }
});

test("when its listener closes, an idle connection ends, and one that has only just come gets its first answer", async () => {
  const upstream = await Upstream.start((socket) => setTimeout(() => socket.write(HELLO), 100));
  const proxy = await proxyFor([upstream]);
  const [idle, fresh, busy] = [await clientOf(proxy), await clientOf(proxy), await clientOf(proxy)];
  idle.send(GET);
  await idle.response();
  busy.send(GET);
  await eventually(() => upstream.received.join("").split(GET.slice(0, 4)).length === 3);
  proxy.worker.entryPoints.close();
  await idle.untilEnd();
  fresh.send(GET);
  for (const client of [fresh, busy]) {
    const response = await client.response();
    expect([response.status, response.headers.connection]).toEqual([200, "close"]);
  }
});

test("a connection counts while it is open", async () => {
  const upstream = await Upstream.answering(HELLO);
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send(GET);
  await client.response();
  expect(proxy.count("connectionsOpen")).toBe(1);
  client.close();
  await eventually(() => proxy.count("connectionsOpen") === 0);
  expect(proxy.count("connectionsAccepted")).toBe(1);
});

test("as many connections as a worker may have are served, and the next one is closed without a word", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const proxy = await proxyFor([upstream]);
  proxy.pretend("connectionsOpen", CONNECTIONS_MAX - 1);
  const last = await clientOf(proxy);
  last.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await last.response()).status).toBe(200);
  const beyond = await clientOf(proxy);
  beyond.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect(await beyond.untilEnd()).toBe("");
  last.close();
  await eventually(() => proxy.count("connectionsOpen") === CONNECTIONS_MAX - 1);
  const next = await clientOf(proxy);
  next.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await next.response()).status).toBe(200);
});
