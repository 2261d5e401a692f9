import type { Socket } from "node:net";
import { expect } from "vitest";
import type { AccessLogOptions } from "../../../src/telemetry/access-log.ts";
import { type TestProxy, Upstream } from "./harness.ts";
import type { RawClient } from "./raw-client.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

export const ACCESS: AccessLogOptions = {
  format: "json",
  fields: ["status", "failure", "attempts", "requestBytes", "responseBytes"],
  headers: {},
};
/** Short, and longer than two looks at deadlines. */
export const SHORT_MS = 250;
export const TIMEOUTS = {
  headMs: SHORT_MS,
  keepAliveMs: SHORT_MS,
  firstByteMs: SHORT_MS,
  requestIdleMs: SHORT_MS,
  responseIdleMs: SHORT_MS,
  lingerMs: SHORT_MS,
};

export const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
export const POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n";
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** More than two kernels and a proxy keep between them. */
export const LARGE = 40_000_000;

export type Server = (socket: Socket, received: string) => unknown;
export type Client = (client: RawClient, upstream: Upstream) => unknown;

/** Answers each request that is whole. */
export const good: Server = (socket, received) =>
  (received.endsWith("\r\n\r\n") || received.endsWith("0123456789")) && socket.write(OK);
export const silent: Server = () => {};
export const large: Server = (socket) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`);
  socket.write(Buffer.alloc(LARGE));
};

/** Sends, and reads what comes until the proxy ends or resets the connection, or the answer is there. */
export const asks =
  (text: string): Client =>
  async (client) => {
    client.send(text);
    await client.until(() => client.hasEnded || client.isClosed || client.received.includes("\r\n\r\n"));
    await client.until(() => client.hasEnded || client.isClosed || client.received.length > 0);
  };

/** Sends, and is gone when the server has seen it. */
export const leaves =
  (text: string, how: (socket: Socket) => unknown): Client =>
  async (client, upstream) => {
    client.send(text);
    await eventually(() => upstream.received.length > 0);
    how(client.socket);
  };

export const reset = (socket: Socket) => socket.resetAndDestroy();

interface Line {
  readonly status: number;
  readonly failure: string;
}

/** What goes wrong, and what must come of it. */
export interface Case {
  readonly server: Server;
  readonly client: Client;
  /** What the line says; null for no line. */
  readonly line: Line | null;
  /** Lines of the requests that follow on the connection. */
  readonly more?: readonly Line[];
  /** The server does not even listen. */
  readonly isRefused?: boolean;
}

/** Plays a case; then there is the right line, once, the client has heard of nothing else, and nothing is left behind. */
export async function play({ server, client: act, line, more = [], isRefused = false }: Case): Promise<void> {
  const upstream = await Upstream.start(server);
  const proxy = await proxyFor([upstream], { accessLog: ACCESS, timeouts: TIMEOUTS, sweepMs: 50 });
  if (isRefused) upstream.close();
  const client = await clientOf(proxy);
  await act(client, upstream);
  client.close();
  await nothingIsLeft(proxy);
  await proxy.close();
  const lines = proxy.accessLines().map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(lines).toEqual([...(line === null ? [] : [line]), ...more].map((each) => expect.objectContaining(each)));
  const heard = /(?:^|\n|ok)HTTP\/1\.1 ([2-5]\d\d) /.exec(client.received);
  if (heard !== null && more.length === 0) expect(Number(heard[1])).toBe(line?.status);
}

/**
 * No connection of a client, no request under way, no connection to a server but idle ones, nobody who waits for one, and nothing else
 * that has a deadline.
 */
export async function nothingIsLeft(proxy: TestProxy): Promise<void> {
  await eventually(() => proxy.count("connectionsOpen") === 0);
  expect(proxy.worker.entryPoints.busyCount).toBe(0);
  const pools = [...proxy.worker.pools.all()];
  await eventually(() => pools.every((pool) => pool.open === pool.idle && pool.waiting === 0));
  expect(proxy.worker.timedCount).toBe(pools.reduce((idle, pool) => idle + pool.idle, 0));
}
