import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { CounterRow, newCounterRow } from "../../telemetry/worker-counters.ts";
import type { ClientConnection } from "../http1/client-connection.ts";
import { SERVER_CONNECTIONS_MAX, SERVER_IDLE_MAX, SERVER_PENDING_MAX, TIMEOUTS } from "../http1/limits.ts";
import { Deadlines } from "../pipeline/deadlines.ts";
import { ServerPool } from "./server-pool.ts";
import { ServerPools } from "./server-pools.ts";
import type { UpstreamConnection, Waiter } from "./upstream-connection.ts";

const context = { deadlines: new Deadlines(systemClock), timeouts: TIMEOUTS, counters: new CounterRow(newCounterRow()) };
let server: Server;
let port: number;

beforeEach(async () => {
  server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, resolve));
  port = (server.address() as { port: number }).port;
});

afterEach(() => {
  server.close();
});

class Recorder implements Waiter {
  connection: ClientConnection | null = null;
  failure: Failure | null = null;

  onConnection(connection: UpstreamConnection): void {
    this.connection = connection as ClientConnection;
  }

  onNoConnection(failure: Failure): void {
    this.failure = failure;
  }
}

async function connected(pool: ServerPool, count = 1): Promise<ClientConnection[]> {
  const waiters = Array.from({ length: count }, () => new Recorder());
  for (const waiter of waiters) expect(pool.wait(waiter)).toBeUndefined();
  await expect.poll(() => waiters.every(({ connection }) => connection !== null)).toBe(true);
  return waiters.map(({ connection }) => connection as ClientConnection);
}

test("the connection used last is used first", async () => {
  const pool = new ServerPool("127.0.0.1", port, context);
  const [a, b] = await connected(pool, 2);
  pool.release(a as ClientConnection);
  pool.release(b as ClientConnection);
  expect(pool.takeIdle()).toBe(b);
  expect(pool.takeIdle()).toBe(a);
  expect(pool.takeIdle()).toBeNull();
  for (const connection of [a, b]) connection?.close();
});

test("a connection given back goes to whoever waits for longest", async () => {
  const pool = new ServerPool("127.0.0.1", port, context);
  const [connection] = await connected(pool);
  const first = new Recorder();
  const second = new Recorder();
  pool.wait(first);
  pool.wait(second);
  pool.release(connection as ClientConnection);
  expect(first.connection).toBe(connection);
  await expect.poll(() => second.connection !== null).toBe(true);
  pool.retire();
  for (const waiter of [first, second]) waiter.connection?.close();
});

test("one that leaves is not told", async () => {
  const pool = new ServerPool("127.0.0.1", port, context);
  const gone = new Recorder();
  pool.wait(gone);
  pool.leave(gone);
  await expect.poll(() => pool.idle).toBe(1);
  expect(gone.connection).toBeNull();
  pool.retire();
  await expect.poll(() => pool.open).toBe(0);
});

test("connections are made up to the limit, requests wait up to theirs, and further ones are refused", () => {
  const pool = new ServerPool("127.0.0.1", port, context);
  for (let i = 0; i < SERVER_PENDING_MAX; i++) expect(pool.wait(new Recorder())).toBeUndefined();
  expect(pool.wait(new Recorder())).toBe(FAILURES.TooManyPending);
  expect(pool.open).toBe(Math.min(SERVER_CONNECTIONS_MAX, SERVER_PENDING_MAX));
  pool.retire();
});

test("idle connections are kept up to the limit", async () => {
  const pool = new ServerPool("127.0.0.1", port, context);
  const connections = await connected(pool, SERVER_IDLE_MAX + 3);
  for (const connection of connections) pool.release(connection);
  expect(pool.idle).toBe(SERVER_IDLE_MAX);
  await expect.poll(() => pool.open).toBe(SERVER_IDLE_MAX);
  pool.retire();
  await expect.poll(() => pool.open).toBe(0);
});

test("a connection that its server closes leaves the pool", async () => {
  server.on("connection", (socket) => setTimeout(() => socket.end(), 20));
  const pool = new ServerPool("127.0.0.1", port, context);
  const [connection] = await connected(pool);
  pool.release(connection as ClientConnection);
  await expect.poll(() => pool.open).toBe(0);
  expect(pool.takeIdle()).toBeNull();
});

test("a refused connection is told, and leaves nothing behind", async () => {
  server.close();
  const pool = new ServerPool("127.0.0.1", port, context);
  const waiter = new Recorder();
  pool.wait(waiter);
  await expect.poll(() => waiter.failure).toBe(FAILURES.ConnectRefused);
  expect(pool.open).toBe(0);
});

test("services that share a server share its pool, and it ends with the last of them", async () => {
  const pools = new ServerPools(context);
  const pool = pools.hold({ address: "127.0.0.1", port: port, scheme: "http", name: "127.0.0.1" }) as ServerPool;
  expect(pools.hold({ address: "127.0.0.1", port: port, scheme: "http", name: "127.0.0.1" })).toBe(pool);
  expect(pools.hold({ address: "127.0.0.1", port: port + 1, scheme: "http", name: "127.0.0.1" })).not.toBe(pool);
  const [connection] = await connected(pool);
  pool.release(connection as ClientConnection);
  expect(pools.hold({ address: "127.0.0.1", port: port, scheme: "h2c", name: "127.0.0.1" })).not.toBe(pool);
  pools.drop(pool);
  expect(pool.idle).toBe(1);
  pools.drop(pool);
  await expect.poll(() => pool.open).toBe(0);
  expect(pools.hold({ address: "127.0.0.1", port: port, scheme: "http", name: "127.0.0.1" })).not.toBe(pool);
});
