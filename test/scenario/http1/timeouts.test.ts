import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { afterTest, clientOf, eventually, proxyFor } from "./set-up.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

test("a head that does not come to its end is answered 408, however busily it drips", async () => {
  const upstream = await Upstream.answering("");
  const client = await clientOf(await proxyFor([upstream], { timeouts: { headMs: 200 } }));
  client.send("GET / HTTP/1.1\r\n");
  const drip = setInterval(() => client.send("X: y\r\n"), 20);
  try {
    expect((await client.response()).status).toBe(408);
  } finally {
    clearInterval(drip);
  }
});

test("a connection that sends nothing is closed without a word", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const proxy = await proxyFor([upstream], { timeouts: { headMs: 100, keepAliveMs: 100 } });
  const silent = await clientOf(proxy);
  expect(await silent.untilEnd()).toBe("");
  const idle = await clientOf(proxy);
  idle.send(GET);
  expect((await idle.response()).status).toBe(200);
  expect(await idle.untilEnd()).toBe("");
});

test("a body that stalls is answered 408, and the server's connection is reset", async () => {
  const upstream = await Upstream.start(() => {});
  const client = await clientOf(await proxyFor([upstream], { timeouts: { requestIdleMs: 150, responseIdleMs: 150 } }));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf");
  expect((await client.response()).status).toBe(408);
  await eventually(() => upstream.connections[0]?.destroyed === true);
});

test("a server that does not begin to answer is answered for with 504", async () => {
  const upstream = await Upstream.start(() => {});
  const client = await clientOf(await proxyFor([upstream], { timeouts: { firstByteMs: 150 } }));
  client.send(GET);
  expect((await client.response()).status).toBe(504);
  await eventually(() => upstream.connections[0]?.destroyed === true);
});

test("a response body that stalls is aborted", async () => {
  const upstream = await Upstream.start((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  const client = await clientOf(await proxyFor([upstream], { timeouts: { requestIdleMs: 150, responseIdleMs: 150 } }));
  client.send(GET);
  await client.until(() => client.isClosed);
  expect(client.received).toMatch(/half$/);
  expect(client.error?.code).toBe("ECONNRESET");
});

/** A port whose queue of connections is full: its thread listens, and then sleeps for ever. */
const DEAF = `
const { parentPort } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

test("a server that cannot be reached is answered for with 504", async () => {
  const deaf = new Worker(DEAF, { eval: true });
  afterTest(() => deaf.terminate());
  const port = await new Promise<number>((resolve) => deaf.once("message", resolve));
  const fillers = Array.from({ length: 8 }, () => connect({ port, host: "127.0.0.1" }).on("error", () => {}));
  afterTest(() => fillers.map((socket) => socket.destroy()));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const unreachable = { server: { address: "127.0.0.1", port }, close: () => {} } as Upstream;
  const client = await clientOf(await proxyFor([unreachable], { timeouts: { connectMs: 150 } }));
  client.send(GET);
  expect((await client.response()).status).toBe(504);
});

test("an idle connection to a server is closed after its time", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const proxy = await proxyFor([upstream], { timeouts: { poolIdleMs: 150 } });
  const client = await clientOf(proxy);
  client.send(GET);
  await client.response();
  await eventually(() => [...proxy.worker.pools.all()].every((pool) => pool.open === 0));
  client.send(GET);
  expect((await client.response()).status).toBe(200);
});

test("a client that is done and does not close is closed on", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const proxy = await proxyFor([upstream], { timeouts: { lingerMs: 150 } });
  const client = await clientOf(proxy);
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  await client.untilEnd();
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

test("a slow reader is not taken for one that stalls", async () => {
  const size = 3_000_000;
  const upstream = await Upstream.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size));
  });
  const client = await clientOf(
    await proxyFor([upstream], { timeouts: { requestIdleMs: 200, responseIdleMs: 200, lingerMs: 200 } }),
  );
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  for (let i = 0; i < 10; i++) {
    client.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 60));
    client.socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await client.untilEnd();
  expect(client.received.length).toBeGreaterThan(size);
});

test("a server that drips its head gets no more time than one that is silent", async () => {
  const upstream = await Upstream.start((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const drip = setInterval(() => socket.write("X: y\r\n"), 20);
    socket.on("close", () => clearInterval(drip));
  });
  const client = await clientOf(await proxyFor([upstream], { timeouts: { firstByteMs: 200 } }));
  client.send(GET);
  expect((await client.response()).status).toBe(504);
});
