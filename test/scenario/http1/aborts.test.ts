import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

test.each([
  ["a body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
  ["chunks without the last one", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"],
  ["half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort"],
])("%s never looks whole to the client", async (_, answer) => {
  const upstream = await Upstream.start((socket) => socket.end(answer));
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send(GET);
  await client.until(() => client.isClosed);
  expect(client.received).toContain("short");
  expect(client.error?.code).toBe("ECONNRESET");
  expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/);
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

test("a truncated body is told from a whole one by an HTTP/1.0 client too: its connection is reset", async () => {
  const upstream = await Upstream.start((socket) =>
    socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"),
  );
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET / HTTP/1.0\r\n\r\n");
  await client.until(() => client.isClosed);
  expect(client.error?.code).toBe("ECONNRESET");
});

test("a malformed chunk aborts the response", async () => {
  const upstream = await Upstream.start((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    setTimeout(() => socket.write("zz\r\nworld\r\n0\r\n\r\n"), 20);
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send(GET);
  await client.until(() => client.isClosed);
  expect(client.received).not.toContain("world");
  expect(client.error?.code).toBe("ECONNRESET");
});

test.each([
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a folded header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
  ["an unasked 101", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ["endless informational responses", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(17)],
  ["a head beyond the limit", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}\r\n\r\n`],
])("%s from a server is answered 502", async (_, answer) => {
  const upstream = await Upstream.start((socket) => socket.write(answer));
  const client = await clientOf(await proxyFor([upstream]));
  client.send(GET);
  let response = await client.response();
  while (response.status === 103) response = await client.response();
  expect(response.status).toBe(502);
  await eventually(() => upstream.connections.every((socket) => socket.destroyed || socket.readableEnded));
});

test("a server that closes without a word is answered 502, and the client's connection goes on", async () => {
  const upstream = await Upstream.start((socket) => socket.end());
  const client = await clientOf(await proxyFor([upstream]));
  client.send(GET + GET);
  expect((await client.response()).status).toBe(502);
  expect((await client.response()).status).toBe(502);
});

test("a server that dies in the middle of its head is answered 502", async () => {
  const upstream = await Upstream.start((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nConte");
    setTimeout(() => socket.resetAndDestroy(), 20);
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send(GET);
  expect((await client.response()).status).toBe(502);
});

test("a client that vanishes in the middle of its upload resets the server's connection: half a body is not taken for a whole one", async () => {
  const upstream = await Upstream.start(() => {});
  const client = await clientOf(await proxyFor([upstream]));
  let error: NodeJS.ErrnoException | null = null;
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf");
  await eventually(() => upstream.received[0]?.endsWith("half") === true);
  upstream.connections[0]?.on("error", (cause: NodeJS.ErrnoException) => {
    error = cause;
  });
  client.socket.end();
  await eventually(() => error?.code === "ECONNRESET");
});

test("a client that vanishes while its answer is awaited frees everything", async () => {
  const upstream = await Upstream.start(() => {});
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send(GET);
  await eventually(() => upstream.connections.length === 1);
  client.socket.resetAndDestroy();
  await eventually(() => proxy.count("connectionsOpen") === 0);
  await eventually(() => [...proxy.worker.pools.all()].every((pool) => pool.open === 0));
});

test("a client that vanishes while it waits for a connection leaves no waiter behind", async () => {
  // A port that takes the SYN and never answers: its queue is full.
  const upstream = await Upstream.answering("");
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send(GET);
  client.socket.resetAndDestroy();
  await eventually(() => proxy.count("connectionsOpen") === 0);
  expect([...proxy.worker.pools.all()].every((pool) => pool.waiting === 0)).toBe(true);
});

test("an early answer reaches the client while it still uploads, and a short rest of the body is read so that the connection goes on", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (!received.includes("GET /next")) socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nbegin");
  expect((await client.response()).body).toBe("no");
  client.send("x".repeat(995));
  client.send("GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await client.response()).body).toBe("yes");
  expect(upstream.connections).toHaveLength(2);
});

test("an upload that is not wanted and too long to be read ends the connection, after the answer is through", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.includes("POST")) socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n");
  expect((await client.response()).status).toBe(413);
  for (let i = 0; i < 10 && !client.hasEnded; i++) {
    client.send(Buffer.alloc(65_536));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await client.until(() => client.hasEnded || client.isClosed);
});

test.each([
  ["another protocol's greeting", "SSH-2.0-OpenSSH_9.9\r\n"],
  ["a TLS alert", "\x15\x03\x01\x00\x02\x02\x46"],
  ["a head that goes wrong before its end", "HTTP/1.1 200 OK\r\nBad Field: x"],
])("%s is answered for with 502 at once, though the server waits for more", async (_, answer) => {
  const upstream = await Upstream.start((socket) => socket.write(Buffer.from(answer, "latin1")));
  const client = await clientOf(await proxyFor([upstream]));
  client.send(GET);
  expect((await client.response()).status).toBe(502);
});

test("an answer that came before the server closed counts, though the upload fails to be written", async () => {
  const upstream = await Upstream.start(() => {});
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\nbegin");
  await eventually(() => upstream.received[0]?.endsWith("begin") === true);
  const [socket] = upstream.connections;
  // The proxy is kept busy with the upload: it writes on a connection that was reset before it has looked for an answer.
  client.send("more");
  socket?.pause();
  socket?.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  socket?.resetAndDestroy();
  const response = await client.response();
  expect([response.status, response.body]).toEqual([413, "no"]);
  await eventually(() => [...proxy.worker.pools.all()].every((pool) => pool.open === 0));
});
