import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { ANY, route, Upstream } from "./harness.ts";
import { afterTest, clientOf, eventually, proxyFor } from "./set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers the first request of each connection, and drops the connection at the second without a word. */
function forgetful(): Promise<Upstream> {
  return Upstream.start((socket, received) => {
    if (received.split(" HTTP/1.1\r\n").length - 1 === 1) socket.write(OK);
    else socket.resetAndDestroy();
  });
}

async function refusing(): Promise<Upstream> {
  const upstream = await Upstream.answering(OK);
  const { server } = upstream;
  upstream.close();
  Object.defineProperty(upstream, "server", { value: server });
  return upstream;
}

test("a connection that went stale in the pool costs an idempotent request nothing", async () => {
  const upstream = await forgetful();
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  for (let i = 0; i < 4; i++) {
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect((await client.response()).status).toBe(200);
  }
  expect(proxy.count("upstreamRetries")).toBe(3);
});

test("a PUT goes once more with its body", async () => {
  const upstream = await forgetful();
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 7\r\n\r\nexactly");
    expect((await client.response()).status).toBe(200);
  }
  await eventually(() => upstream.connections.length === 2);
  expect(upstream.received[1]).toMatch(/\r\n\r\nexactly$/);
});

test("a POST is never sent twice", async () => {
  const upstream = await forgetful();
  const client = await clientOf(await proxyFor([upstream]));
  const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nonce";
  client.send(post);
  expect((await client.response()).status).toBe(200);
  client.send(post);
  expect((await client.response()).status).toBe(502);
  expect(upstream.connections).toHaveLength(1);
});

test.each([
  ["has closed", (socket: Socket) => socket.destroy()],
  ["has reset", (socket: Socket) => socket.resetAndDestroy()],
])("a POST does not go on a pooled connection that the server %s, though nobody was told yet", async (_, end) => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n";
  client.send(post);
  expect((await client.response()).status).toBe(200);
  // In one turn, the request first: the proxy reads it before it is told of the end.
  client.send(post);
  end(upstream.connections[0] as Socket);
  expect((await client.response()).status).toBe(200);
  expect(upstream.connections).toHaveLength(2);
  expect(proxy.count("upstreamRetries")).toBe(0);
});

test("a POST does go on a pooled connection that is alive", async () => {
  const upstream = await Upstream.answering(OK);
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 3; i++) {
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
    expect((await client.response()).status).toBe(200);
  }
  expect(upstream.connections).toHaveLength(1);
});

test("a request on a fresh connection is not sent again: it was the request, not the connection", async () => {
  const upstream = await Upstream.start((socket) => socket.resetAndDestroy());
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await client.response()).status).toBe(502);
  expect(upstream.connections).toHaveLength(1);
});

test("a server that refuses connections is passed over, whatever the method", async () => {
  const good = await Upstream.answering(OK);
  const proxy = await proxyFor([await refusing(), good]);
  const client = await clientOf(proxy);
  for (let i = 0; i < 4; i++) {
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
    expect((await client.response()).status).toBe(200);
  }
  expect(proxy.count("upstreamRetries")).toBe(2);
});

test("a body that came before any server was found goes to the one that is", async () => {
  const good = await Upstream.start((socket, received) => received.endsWith("whole") && socket.write(OK));
  const client = await clientOf(await proxyFor([await refusing(), good]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nthe whole");
  expect((await client.response()).status).toBe(200);
});

test("when every server refuses, the answer is 502, after each was tried once", async () => {
  const proxy = await proxyFor([await refusing(), await refusing()]);
  const client = await clientOf(proxy);
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await client.response()).status).toBe(502);
  expect(proxy.count("upstreamConnects")).toBe(2);
});

test("requests go to servers in turn, and a server that has left gets none", async () => {
  const named = (name: string) => Upstream.answering(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`);
  const upstreams = [await named("a"), await named("b"), await named("c")];
  upstreams.sort((x, y) => x.port - y.port);
  const proxy = await proxyFor(upstreams);
  const client = await clientOf(proxy);
  const ask = async () => {
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    return (await client.response()).body;
  };
  const seen = [await ask(), await ask(), await ask(), await ask(), await ask(), await ask()];
  expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  expect(new Set(seen).size).toBe(3);
  await proxy.apply(
    route(
      "app",
      ANY,
      upstreams.slice(0, 2).map(({ server }) => server),
    ),
  );
  await ask();
  const leaver = upstreams[2] as Upstream;
  await eventually(() => leaver.connections.every((socket) => socket.destroyed));
  const kept = upstreams.slice(0, 2).map(({ connections }) => connections.length);
  for (let i = 0; i < 3; i++) await ask();
  expect(leaver.connections).toHaveLength(1);
  expect(upstreams.slice(0, 2).map(({ connections }) => connections.length)).toEqual(kept);
});

/** Answers the first request, and at the second, when `before` is over, is gone: connection, port and all. */
async function dying(before: () => Promise<unknown> = () => Promise.resolve()): Promise<Upstream> {
  const upstream: Upstream = await Upstream.start((socket, received) => {
    if (received.split(" HTTP/1.1\r\n").length - 1 === 1) socket.write(OK);
    else void before().then(() => upstream.close());
  });
  return upstream;
}

test("a server that dies between two requests costs the second nothing: a stale connection is not a server tried", async () => {
  const client = await clientOf(await proxyFor([await dying(), await Upstream.answering(OK)]));
  for (let i = 0; i < 4; i++) {
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect((await client.response()).status).toBe(200);
  }
});

test("when the only server is replaced while a request is on its way to it, the request goes to its successor", async () => {
  const successor = await Upstream.answering(OK.replace("ok", "OK"));
  afterTest(() => successor.close());
  const get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const leaver = await dying(async () => {
    await proxy.apply(route("app", ANY, [successor.server]));
  });
  const proxy = await proxyFor([leaver]);
  const client = await clientOf(proxy);
  for (const body of ["ok", "OK"]) {
    client.send(get);
    expect((await client.response()).body).toBe(body);
  }
});
