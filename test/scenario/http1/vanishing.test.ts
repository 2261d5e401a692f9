import type { Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { ServedFolder } from "./served-folder.ts";

const ROUNDS = 4;
const CLIENTS_A_ROUND = 1_000;
const AT_ONCE = 50;
/** Memory that a process may hold more of without anything being lost: what the collector has not looked at. */
const GROWTH_BYTES_MAX = 48 * 1024 * 1024;
/** How long a server hangs before it dies. */
const HANG_MS = 300;
/** Idle connections to one server that a worker keeps (`SERVER_IDLE_MAX`). */
const IDLE_MAX = 200;

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HOST = "Host: a.test\r\n";

const request = fc.constantFrom(
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\n0123456789`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n0123456789`,
  `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `GET /%zz HTTP/1.1\r\n${HOST}\r\n`,
);

/** What a client sends before it goes, how long it stays after that, and how it goes. */
const client = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 3 }),
  cut: fc.nat(),
  staysMs: fc.constantFrom(0, 0, 1, 5, 20),
  resets: fc.boolean(),
});

/** What the server does with each piece of what it gets: mostly it answers. */
const DEEDS: readonly ((socket: Socket) => unknown)[] = [
  ...Array.from({ length: 6 }, () => (socket: Socket) => socket.write(OK)),
  (socket) => setTimeout(() => socket.writable && socket.write(OK), 5),
  (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    setTimeout(() => socket.resetAndDestroy(), HANG_MS);
  },
  (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha"),
  (socket) => socket.end(),
  (socket) => socket.resetAndDestroy(),
  (socket) => setTimeout(() => socket.resetAndDestroy(), HANG_MS),
];

test("clients and servers that vanish wherever they are leave no connection, no pool slot and no memory behind", async () => {
  let deed = 0;
  const served = await ServedFolder.start((socket) => DEEDS[deed++ % DEEDS.length]?.(socket));
  const heldAfter: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const clients = fc.sample(client, CLIENTS_A_ROUND);
    for (let i = 0; i < clients.length; i += AT_ONCE) {
      await Promise.all(
        clients.slice(i, i + AT_ONCE).map(async ({ requests, cut, staysMs, resets }) => {
          const made = await RawClient.connect(served.port);
          const text = requests.join("");
          made.send(text.slice(0, 1 + (cut % text.length)));
          await new Promise((resolve) => setTimeout(resolve, staysMs));
          if (resets) made.socket.resetAndDestroy();
          else made.close();
        }),
      );
    }
    await served.isLeftAlone();
    // Connections to the server are those that rest in the pool: each exchange that was under way has let go of its own.
    const open = () => served.upstream.connections.filter((socket) => !socket.destroyed).length;
    const counted = async () => (await served.metric("fairway_upstream_connections_open")) - open();
    await expect.poll(counted, { timeout: 10_000 }).toBe(0);
    expect(open()).toBeLessThanOrEqual(IDLE_MAX);
    await expect.poll(() => served.metric("fairway_connections_busy"), { timeout: 10_000 }).toBe(0);
    heldAfter.push(served.memory());
  }
  const [, second = 0] = heldAfter;
  expect(Math.max(...heldAfter.slice(2)) - second, `held after each round: ${heldAfter.join(", ")}`).toBeLessThan(
    GROWTH_BYTES_MAX,
  );
  // The world still turns.
  const last = await RawClient.connect(served.port);
  deed = 0;
  last.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  expect((await last.response()).status).toBe(200);
  last.close();
}, 120_000);
