import { isIPv6 } from "node:net";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { serverAuthority } from "../../model/server-authority.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import { SERVER_PENDING_MAX } from "../http1/limits.ts";
import type { PoolContext } from "../upstream/server-pool.ts";
import type { Pool, UpstreamConnection, Waiter } from "../upstream/upstream-connection.ts";
import { ClientSession, type SessionOwner } from "./client-session.ts";
import { SERVER_SESSIONS_MAX } from "./limits.ts";

/** The HTTP/2 connections of one worker to one server: another is made when all streams that the server allows are in use. */
export class Http2Pool implements Pool, SessionOwner {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly #context: PoolContext;
  /** Those that stand, and take requests. */
  readonly #sessions: ClientSession[] = [];
  readonly #waiters: Waiter[] = [];
  /** Connections there are, those under way and those that end included. */
  #open = 0;
  #isDialing = false;
  #isRetired = false;

  constructor(address: string, port: number, context: PoolContext) {
    this.address = address;
    this.port = port;
    this.name = serverAuthority({ address, port });
    this.#context = context;
  }

  get open(): number {
    return this.#open;
  }

  get idle(): number {
    return this.#sessions.filter((session) => session.isIdle).length;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  takeIdle(): UpstreamConnection | null {
    for (const session of this.#sessions) if (session.hasRoom) return session.take();
    return null;
  }

  /** Also asked for another connection when a server refused a request: one that stands will do, if it takes requests. */
  wait(waiter: Waiter): Failure | undefined {
    if (this.#waiters.length >= SERVER_PENDING_MAX) return FAILURES.TooManyPending;
    this.#waiters.push(waiter);
    this.#dial();
    return undefined;
  }

  leave(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }

  release(): void {
    // A stream ends with its request.
  }

  retire(): void {
    this.#isRetired = true;
    for (const session of this.#sessions.splice(0)) session.drain();
  }

  onReady(session: ClientSession): void {
    this.#isDialing = false;
    if (this.#isRetired && this.#waiters.length === 0) session.drain();
    else this.#sessions.push(session);
    this.#serve();
  }

  onRoom(): void {
    this.#serve();
  }

  onLeaving(session: ClientSession): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  onGone(session: ClientSession, failure: Failure | null): void {
    this.onLeaving(session);
    this.#open--;
    this.#context.counters.add(COUNTER.upstreamOpen, -1);
    if (failure !== null) {
      this.#isDialing = false;
      this.#waiters.shift()?.onNoConnection(failure);
    }
    this.#serve();
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const connection = this.takeIdle();
      if (connection === null) break;
      (this.#waiters.shift() as Waiter).onConnection(connection);
    }
    this.#dial();
  }

  /** One connection at a time: it takes many requests. */
  #dial(): void {
    if (this.#isDialing || this.#waiters.length === 0 || this.#open >= SERVER_SESSIONS_MAX) return;
    this.#isDialing = true;
    this.#open++;
    this.#context.counters.add(COUNTER.upstreamOpen, 1);
    this.#context.counters.add(COUNTER.upstreamConnects, 1);
    const host = isIPv6(this.address) ? `[${this.address}]` : this.address;
    new ClientSession(`http://${host}:${this.port}`, this.address, this.port, this, this.#context);
  }
}
