import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const ASK =
  "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
const AGREE = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";

/** Agrees to an upgrade, greets, and echoes. */
function echo(): Promise<Upstream> {
  const seen = new Map<number, number>();
  return Upstream.start((socket, received, connection) => {
    const from = seen.get(connection);
    if (from === undefined) socket.write(`${AGREE}hi;`);
    const start = from ?? received.indexOf("\r\n\r\n") + 4;
    socket.write(Buffer.from(received.slice(start), "latin1"));
    seen.set(connection, received.length);
  });
}

test("after an upgrade bytes pass both ways as they are, those sent with the heads included", async () => {
  const upstream = await echo();
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.send(`${ASK}early;`);
  await client.untilText("early;");
  const [head = "", rest] = client.received.split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 101 /);
  expect(head).toContain("Sec-WebSocket-Accept: a");
  expect(head).toMatch(/Upgrade: websocket/i);
  expect(rest).toBe("hi;early;");
  expect(upstream.received[0]).toMatch(/Connection: Upgrade\r\nUpgrade: websocket\r\n/);
  expect(upstream.received[0]).toContain("X-Forwarded-Proto: ws\r\n");
  client.send("\x00\xff binary");
  await client.untilText("\x00\xff binary");
  client.socket.end();
  await client.until(() => client.hasEnded);
  await eventually(() => proxy.count("connectionsOpen") === 0);
  await eventually(() => [...proxy.worker.pools.all()].every((pool) => pool.open === 0));
});

test("a megabyte passes through a tunnel whole, though its reader is slow", async () => {
  const upstream = await echo();
  const client = await clientOf(await proxyFor([upstream]));
  client.send(ASK);
  await client.untilText("hi;");
  client.received = "";
  client.socket.pause();
  const payload = "0123456789abcdef".repeat(65_536);
  client.send(payload);
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.socket.resume();
  await client.until(() => client.received.length >= payload.length);
  expect(client.received === payload).toBe(true);
});

test("each half of a tunnel ends on its own", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("\r\n\r\n")) {
      socket.write(AGREE);
      socket.end("bye");
    }
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send(ASK);
  await client.until(() => client.hasEnded);
  expect(client.received).toMatch(/bye$/);
  client.send("still here");
  await eventually(() => upstream.received[0]?.endsWith("still here") === true);
});

test("a tunnel whose server is reset resets its client", async () => {
  const upstream = await echo();
  const client = await clientOf(await proxyFor([upstream]));
  client.send(ASK);
  await client.untilText("hi;");
  upstream.connections[0]?.resetAndDestroy();
  await client.until(() => client.isClosed);
  expect(client.error?.code).toBe("ECONNRESET");
});

test("a server that does not agree answers as usual, and the connection goes on", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(ASK);
    expect((await client.response()).status).toBe(426);
  }
});

test("an upgrade to anything else is not passed on: h2c smuggles requests past us", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const client = await clientOf(await proxyFor([upstream]));
  client.send(
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
  );
  expect((await client.response()).status).toBe(200);
  expect(upstream.received[0]).not.toMatch(/upgrade|h2c|http2-settings/i);
});

test("an upgrade with a body, or of another method than GET, is refused", async () => {
  const upstream = await echo();
  const proxy = await proxyFor([upstream]);
  for (const head of [ASK.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc"), ASK.replace("GET", "POST")]) {
    const client = await clientOf(proxy);
    client.send(head);
    expect((await client.response()).status).toBe(400);
  }
  expect(upstream.connections).toHaveLength(0);
});

test("a silent tunnel ends after its time", async () => {
  const upstream = await echo();
  const client = await clientOf(await proxyFor([upstream], { timeouts: { tunnelIdleMs: 150 } }));
  client.send(ASK);
  await client.untilText("hi;");
  await client.until(() => client.isClosed);
});

test("a server that switches to another protocol than was asked for is answered for with 502", async () => {
  const upstream = await Upstream.start((socket) => socket.write(AGREE.replace("websocket", "h2c")));
  const client = await clientOf(await proxyFor([upstream]));
  client.send(ASK);
  expect((await client.response()).status).toBe(502);
});
