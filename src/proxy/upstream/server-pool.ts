import type { Failure } from "../../model/failure.ts";
import { ClientConnection, type ConnectionOwner } from "../http1/client-connection.ts";
import { SERVER_CONNECTIONS_MAX, SERVER_IDLE_MAX } from "../http1/limits.ts";
import { type PoolContext, ServerConnections } from "./server-connections.ts";
import type { SecuredSocket, ServerTls } from "./server-tls.ts";

/**
 * The HTTP/1.1 connections of one worker to one server. The one used last is used first, so that what is not needed grows old and is closed.
 */
export class ServerPool extends ServerConnections implements ConnectionOwner {
  readonly #idleMax: number;
  readonly #idle: ClientConnection[] = [];
  #dialing = 0;

  /** `tls`: how TLS is spoken; null in plaintext. */
  constructor(address: string, port: number, context: PoolContext, tls: ServerTls | null = null, idleMax = SERVER_IDLE_MAX) {
    super(address, port, context, tls);
    this.#idleMax = idleMax;
  }

  override get idle(): number {
    return this.#idle.length;
  }

  /**
   * An idle connection; null when there is none. `isChecked`: for a request that cannot be sent twice, the kernel is asked whether the
   * server has closed it meanwhile. Allocates: nothing, unless it is checked.
   */
  override takeIdle(isChecked = false): ClientConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (isChecked ? !connection.isStale() : connection.isUsable) return connection;
      connection.close();
    }
  }

  /** Takes back a connection whose response is complete, for the next request. */
  override release(connection: ClientConnection): void {
    connection.rest();
    this.#offer(connection);
  }

  /** The server has left every service: nothing new comes, and connections close as they fall idle. */
  override retire(): void {
    this.isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  onConnected(connection: ClientConnection): void {
    this.#dialing--;
    this.#offer(connection);
  }

  onConnectFailed(_connection: ClientConnection, failure: Failure): void {
    this.#dialing--;
    this.count(-1);
    this.waiters.next()?.onNoConnection(failure);
    this.dial();
  }

  onClosed(connection: ClientConnection): void {
    this.count(-1);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.dial();
  }

  #offer(connection: ClientConnection): void {
    const waiter = this.waiters.next();
    if (waiter !== undefined) waiter.onConnection(connection);
    else if (this.isRetired || this.#idle.length >= this.#idleMax) connection.close();
    else this.#idle.push(connection);
  }

  /** Takes a TLS connection over whose handshake is done: the first who waits gets it. */
  adopt(socket: SecuredSocket): void {
    this.#dialing++;
    this.count(1);
    new ClientConnection(this.address, this.port, this, this.context.deadlines, this.context.timeouts, socket);
  }

  /** Makes as many connections as there are waiters without one under way, up to the limit. */
  protected override dial(): void {
    while (this.#dialing < this.waiters.length && this.open < SERVER_CONNECTIONS_MAX) {
      this.#dialing++;
      this.countDialled();
      new ClientConnection(this.address, this.port, this, this.context.deadlines, this.context.timeouts, this.tls);
    }
  }
}
