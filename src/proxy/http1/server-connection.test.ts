import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { CounterRow, newCounterRow } from "../../telemetry/worker-counters.ts";
import type { ByteSocket, SocketEvents } from "../listen/byte-socket.ts";
import { Deadlines } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { DEFAULT_POLICY } from "./connection-policy.ts";
import { TIMEOUTS } from "./limits.ts";
import { ServerConnection } from "./server-connection.ts";

/** A socket that takes what is written and says how it was ended. */
class FakeSocket {
  readonly isTls = true;
  readonly socket = { destroyed: false, writableEnded: false, writableLength: 0, write: () => this.#write() };
  writes = 0;
  /** Whether it takes more after what it was given. */
  isEager = true;
  queuedBytes = 0;
  ends: string[] = [];

  end(): void {
    this.ends.push("end");
  }

  destroy(): void {
    this.ends.push("destroy");
  }

  abort(): void {
    this.ends.push("abort");
  }

  resume(): void {}

  #write(): boolean {
    this.writes++;
    return this.isEager;
  }
}

function connectionOn(socket: FakeSocket): { readonly connection: ServerConnection; readonly events: SocketEvents } {
  const engine: Engine = {
    routes: { route: () => null, child: () => null, isCurrent: () => true, renewService: () => {} },
    isDraining: false,
    deadlines: new Deadlines(systemClock),
    access: null,
    timeouts: TIMEOUTS,
    counters: new CounterRow(newCounterRow()),
  };
  const door = {
    entryPointName: "web",
    entryPointBit: () => 1,
    isClosing: false,
    enterUpgrade: () => true,
    leaveUpgrade: () => {},
    onHttp2: () => {},
    onConnectionClosed: () => {},
  };
  const peer = { isTls: false, address: "192.0.2.1", isTrusted: false, policy: DEFAULT_POLICY };
  let events: SocketEvents | null = null;
  const connection = new ServerConnection(engine, door, peer, (given) => {
    events = given;
    return socket as unknown as ByteSocket;
  });
  return { connection, events: events as unknown as SocketEvents };
}

test.each([
  [0, "destroy"],
  [1_000, "abort"],
])(
  "after its last answer, with %d bytes of it unread, a connection ends by %s: what is cut short must not look whole",
  (queued, how) => {
    const socket = new FakeSocket();
    const { connection, events } = connectionOn(socket);
    const request = Buffer.from("GET / HTTP/1.0\r\n\r\n");
    events.onBytes(request, request.length);
    expect(socket.ends).toEqual(["end"]);
    socket.queuedBytes = queued;
    // The first look at a queue cannot tell a slow reader from none.
    connection.onDeadline();
    connection.onDeadline();
    expect(socket.ends.slice(1)[0]).toBe(how);
  },
);

test("a client that closes its half behind requests which wait for it to read gets their answers, too", () => {
  const socket = new FakeSocket();
  socket.isEager = false;
  const { events } = connectionOn(socket);
  const requests = Buffer.from("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n".repeat(2));
  events.onBytes(requests, requests.length);
  events.onEnd();
  expect([socket.writes, socket.ends]).toEqual([1, []]);
  socket.isEager = true;
  events.onDrain();
  expect([socket.writes, socket.ends]).toEqual([2, ["end"]]);
});
