import type { Failure } from "../../model/failure.ts";
import { serverAuthority } from "../../model/server-authority.ts";
import { COUNTER, type CounterRow } from "../../telemetry/worker-counters.ts";
import { ClientConnection, type ConnectionOwner } from "../http1/client-connection.ts";
import { SERVER_CONNECTIONS_MAX, SERVER_IDLE_MAX, type Timeouts } from "../http1/limits.ts";
import type { Deadlines } from "../pipeline/deadlines.ts";
import type { SecuredSocket, ServerTls } from "./server-tls.ts";
import type { Pool, Waiter } from "./upstream-connection.ts";
import { Waiters } from "./waiters.ts";

/** What every pool of a worker shares. */
export interface PoolContext {
  readonly deadlines: Deadlines;
  readonly timeouts: Timeouts;
  readonly counters: CounterRow;
}

/**
 * The connections of one worker to one server. The one used last is used first, so that what is not needed grows old and is closed.
 */
export class ServerPool implements Pool, ConnectionOwner {
  readonly address: string;
  readonly port: number;
  /** Address and port, as logs show them. */
  readonly name: string;
  readonly #context: PoolContext;
  readonly #tls: ServerTls | null;
  readonly #idleMax: number;
  readonly #idle: ClientConnection[] = [];
  readonly #waiters = new Waiters();
  #open = 0;
  #dialing = 0;
  #isRetired = false;

  /** `tls`: how TLS is spoken; null in plaintext. */
  constructor(address: string, port: number, context: PoolContext, tls: ServerTls | null = null, idleMax = SERVER_IDLE_MAX) {
    this.#tls = tls;
    this.#idleMax = idleMax;
    this.address = address;
    this.port = port;
    this.name = serverAuthority({ address, port });
    this.#context = context;
  }

  get open(): number {
    return this.#open;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * An idle connection; null when there is none. `isChecked`: for a request that cannot be sent twice, the kernel is asked whether the
   * server has closed it meanwhile. Allocates: nothing, unless it is checked.
   */
  takeIdle(isChecked = false): ClientConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (isChecked ? !connection.isStale() : connection.isUsable) return connection;
      connection.close();
    }
  }

  /** Asks for a connection that `waiter` is told of later; returns why it cannot be had. */
  wait(waiter: Waiter): Failure | undefined {
    const failure = this.#waiters.add(waiter);
    if (failure === undefined) this.#dial();
    return failure;
  }

  /** `waiter` no longer wants a connection. */
  leave(waiter: Waiter): void {
    this.#waiters.leave(waiter);
  }

  /** Takes back a connection whose response is complete, for the next request. */
  release(connection: ClientConnection): void {
    connection.rest();
    this.#offer(connection);
  }

  /** The server has left every service: nothing new comes, and connections close as they fall idle. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  onConnected(connection: ClientConnection): void {
    this.#dialing--;
    this.#offer(connection);
  }

  onConnectFailed(_connection: ClientConnection, failure: Failure): void {
    this.#dialing--;
    this.#count(-1);
    this.#waiters.next()?.onNoConnection(failure);
    this.#dial();
  }

  onClosed(connection: ClientConnection): void {
    this.#count(-1);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#dial();
  }

  #offer(connection: ClientConnection): void {
    const waiter = this.#waiters.next();
    if (waiter !== undefined) waiter.onConnection(connection);
    else if (this.#isRetired || this.#idle.length >= this.#idleMax) connection.close();
    else this.#idle.push(connection);
  }

  /** Takes a TLS connection over whose handshake is done: the first who waits gets it. */
  adopt(socket: SecuredSocket): void {
    this.#dialing++;
    this.#count(1);
    new ClientConnection(this.address, this.port, this, this.#context.deadlines, this.#context.timeouts, socket);
  }

  /** Makes as many connections as there are waiters without one under way, up to the limit. */
  #dial(): void {
    while (this.#dialing < this.#waiters.length && this.#open < SERVER_CONNECTIONS_MAX) {
      this.#count(1);
      this.#dialing++;
      this.#context.counters.add(COUNTER.upstreamConnects, 1);
      new ClientConnection(this.address, this.port, this, this.#context.deadlines, this.#context.timeouts, this.#tls);
    }
  }

  #count(more: 1 | -1): void {
    this.#open += more;
    this.#context.counters.add(COUNTER.upstreamOpen, more);
  }
}
