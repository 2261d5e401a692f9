import { expect, test } from "vitest";
import { ok } from "../../../src/kernel/result.ts";
import { FAILURES } from "../../../src/model/failure.ts";
import { ACCESS, asks, type Case, GET, good, large, leaves, OK, POST, play, reset, SHORT_MS, silent } from "./failing-peers.ts";
import { middleware, Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const CASES: Readonly<Record<string, Case>> = {
  "a client that goes without a word": { server: good, client: (client) => client.close(), line: null },
  "a client that goes in the middle of its head": {
    server: good,
    client: (client) => {
      client.send("GET / HT");
      client.socket.end();
    },
    line: null,
  },
  "a client that drips its head": {
    server: good,
    client: async (client) => {
      client.send("GET / HTTP/1.1\r\n");
      const drip = setInterval(() => client.send("X: y\r\n"), 20);
      await client.untilEnd();
      clearInterval(drip);
    },
    line: { status: 408, failure: "HeadTimeout" },
  },
  "a client that sends no HTTP": {
    server: good,
    client: asks("\x16\x03\x01\r\n\r\n"),
    line: { status: 400, failure: "MalformedHead" },
  },
  "a client that asks nobody": {
    server: good,
    client: asks("CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n"),
    line: { status: 501, failure: "MethodNotImplemented" },
  },
  "a client that closes instead of sending its body": {
    server: silent,
    client: leaves(POST, (socket) => socket.end()),
    line: { status: 499, failure: "ClientGone" },
  },
  "a client that resets in the middle of its body": {
    server: silent,
    client: leaves(`${POST}half`, reset),
    line: { status: 499, failure: "ClientGone" },
  },
  "a client that stalls in the middle of its body": {
    server: silent,
    client: asks(`${POST}half`),
    line: { status: 408, failure: "BodyTimeout" },
  },
  "a client that breaks its body": {
    server: silent,
    client: asks("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    line: { status: 400, failure: "MalformedBody" },
  },
  "a client that resets while its answer is awaited": {
    server: silent,
    client: leaves(GET, reset),
    line: { status: 499, failure: "ClientGone" },
  },
  "a client that closes its half and waits": {
    server: (socket, received) => setTimeout(() => good(socket, received), 20),
    client: async (client, upstream) => {
      await leaves(GET, (socket) => socket.end())(client, upstream);
      await client.untilText("ok");
    },
    line: { status: 200, failure: "" },
  },
  "a client that resets in the middle of its answer": {
    server: large,
    client: async (client) => {
      client.send(GET);
      await client.untilText("\r\n\r\n");
      client.socket.resetAndDestroy();
    },
    line: { status: 200, failure: "ClientGone" },
  },
  "a client that stops to read in the middle of its answer": {
    server: large,
    client: async (client) => {
      client.send(GET);
      await client.untilText("\r\n\r\n");
      client.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 4 * SHORT_MS));
    },
    line: { status: 200, failure: "ClientGone" },
  },
  "a server that never answers": { server: silent, client: asks(GET), line: { status: 504, failure: "UpstreamTimeout" } },
  "a server that closes without a word": {
    server: (socket) => socket.end(),
    client: asks(GET),
    line: { status: 502, failure: "UpstreamClosed" },
  },
  "a server that resets without a word": { server: reset, client: asks(GET), line: { status: 502, failure: "UpstreamClosed" } },
  "a server that resets in the middle of a body it was sent": {
    server: reset,
    client: asks(`${POST}half`),
    line: { status: 502, failure: "UpstreamClosed" },
  },
  "a server that answers no HTTP": {
    server: (socket) => socket.write("220 ready\r\n"),
    client: asks(GET),
    line: { status: 502, failure: "UpstreamMalformed" },
  },
  "a server that dies in the middle of its head": {
    server: (socket) => socket.end("HTTP/1.1 200 O"),
    client: asks(GET),
    line: { status: 502, failure: "UpstreamMalformed" },
  },
  "a server that drips its head": {
    server: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("X: y\r\n"), 20);
      socket.on("close", () => clearInterval(drip));
    },
    client: asks(GET),
    line: { status: 504, failure: "UpstreamTimeout" },
  },
  "a server that sends less than it said": {
    server: (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    client: (client) => asks(GET)(client, null as never),
    line: { status: 200, failure: "UpstreamAborted" },
  },
  "a server that sends more than it said": {
    server: (socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
    client: async (client) => {
      client.send(GET);
      await client.untilText("ok");
    },
    line: { status: 200, failure: "" },
  },
  "a server that resets between chunks": {
    server: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    client: async (client) => {
      client.send(GET);
      await client.until(() => client.isClosed);
    },
    line: { status: 200, failure: "UpstreamAborted" },
  },
  "a server that hangs in the middle of its body": {
    server: (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    client: async (client) => {
      client.send(GET);
      await client.until(() => client.isClosed);
    },
    line: { status: 200, failure: "UpstreamTimeout" },
  },
  "a server that answers early and resets": {
    server: (socket) => {
      socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
      socket.resetAndDestroy();
    },
    client: asks(`${POST}half`),
    line: { status: 413, failure: "" },
  },
  "a server that switches protocols unasked": {
    server: (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    client: asks(GET),
    line: { status: 502, failure: "UpstreamMalformed" },
  },
};

test.each(Object.entries(CASES))("%s: the right line, once, and nothing is left behind", (_, each) => play(each));

test("a tunnel has one line, when it ends, with what went through it", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
  });
  const proxy = await proxyFor([upstream], { accessLog: ACCESS });
  const client = await clientOf(proxy);
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await client.untilText("hello");
  client.send("abc");
  await eventually(() => upstream.received[0]?.endsWith("abc") === true);
  client.socket.end();
  await eventually(() => proxy.count("connectionsOpen") === 0);
  await proxy.close();
  expect(proxy.accessLines()).toEqual(['{"status":101,"failure":"","attempts":1,"requestBytes":3,"responseBytes":5}']);
});

test("each of the requests of a connection has its line, in order, with its own figures", async () => {
  const proxy = await proxyFor([await Upstream.start(good)], { accessLog: ACCESS });
  const client = await clientOf(proxy);
  client.send(GET);
  await client.response();
  client.send(`${POST}0123456789`);
  await client.response();
  client.send("GET /%zz HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await client.response();
  await proxy.close();
  expect(proxy.accessLines()).toEqual([
    '{"status":200,"failure":"","attempts":1,"requestBytes":0,"responseBytes":2}',
    '{"status":200,"failure":"","attempts":1,"requestBytes":10,"responseBytes":2}',
    '{"status":400,"failure":"BadPath","attempts":0,"requestBytes":0,"responseBytes":16}',
  ]);
});

test("a request that the end of the worker cuts short has its line", async () => {
  const upstream = await Upstream.start(silent);
  const proxy = await proxyFor([upstream], { accessLog: ACCESS });
  const client = await clientOf(proxy);
  client.send(GET);
  await eventually(() => upstream.received.length > 0);
  await proxy.close();
  expect(proxy.accessLines()).toEqual([
    '{"status":503,"failure":"ShuttingDown","attempts":1,"requestBytes":0,"responseBytes":0}',
  ]);
});

test("what a middleware refuses has its reason in the line", async () => {
  const refusing = middleware("refusing", "refusing", null);
  const proxy = await proxyFor([await Upstream.start(good)], {
    accessLog: ACCESS,
    middlewares: {
      refusing: { kind: "refusing", prepare: () => ok(null), create: () => ({ onRequest: () => FAILURES.BadPath }) },
    },
    more: [refusing],
    router: { middlewares: [refusing.id] },
  });
  const client = await clientOf(proxy);
  client.send(GET);
  expect((await client.response()).status).toBe(400);
  await proxy.close();
  expect(proxy.accessLines()).toEqual(['{"status":400,"failure":"BadPath","attempts":0,"requestBytes":0,"responseBytes":16}']);
});

test("a line names the router, the service and the server", async () => {
  const upstream = await Upstream.start(good);
  const fields = ["entryPoint", "client", "host", "path", "query", "router", "service", "server"] as const;
  const proxy = await proxyFor([upstream], { accessLog: { ...ACCESS, fields } });
  const client = await clientOf(proxy);
  client.send("GET /a/../b?c HTTP/1.1\r\nHost: A.test:80\r\n\r\n");
  await client.response();
  await proxy.close();
  expect(proxy.accessLines().map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      entryPoint: "web",
      client: "127.0.0.1",
      host: "a.test",
      path: "/a/../b",
      query: "c",
      router: "IngressRoute/test/app",
      service: "Service/test/app",
      server: `127.0.0.1:${upstream.port}`,
    },
  ]);
});
