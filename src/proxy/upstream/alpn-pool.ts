import type { Failure } from "../../model/failure.ts";
import { ClientConnection } from "../http1/client-connection.ts";
import { Http2Pool } from "../http2/http2-pool.ts";
import type { PoolContext } from "./server-connections.ts";
import type { ServerPool } from "./server-pool.ts";
import type { SecuredSocket, ServerTls } from "./server-tls.ts";
import type { Pool, UpstreamConnection, Waiter } from "./upstream-connection.ts";

/**
 * The TLS connections of one worker to one server, which says by ALPN what it speaks: HTTP/2 where it offers that, else HTTP/1.1. The
 * first connection finds out. Tunnels are asked for in HTTP/1.1 always: HTTP/2 has no upgrades (RFC 9113 §8.6).
 */
export class AlpnPool implements Pool {
  readonly #http1: ServerPool;
  readonly #http2: Http2Pool;
  /** The server does not offer HTTP/2. */
  #isHttp1 = false;

  constructor(http1: ServerPool, tls: ServerTls, context: PoolContext) {
    this.#http1 = http1;
    this.#http2 = new Http2Pool(http1.address, http1.port, context, tls, (waiters, socket) => this.#goOver(waiters, socket));
  }

  get address(): string {
    return this.#http1.address;
  }

  get port(): number {
    return this.#http1.port;
  }

  get name(): string {
    return this.#http1.name;
  }

  get open(): number {
    return this.#http1.open + this.#http2.open;
  }

  get idle(): number {
    return this.#http1.idle + this.#http2.idle;
  }

  get waiting(): number {
    return this.#http1.waiting + this.#http2.waiting;
  }

  takeIdle(isChecked = false, upgrades = false): UpstreamConnection | null {
    return this.#isHttp1 || upgrades ? this.#http1.takeIdle(isChecked) : this.#http2.takeIdle();
  }

  wait(waiter: Waiter, upgrades = false): Failure | undefined {
    return this.#isHttp1 || upgrades ? this.#http1.wait(waiter) : this.#http2.wait(waiter);
  }

  leave(waiter: Waiter): void {
    this.#http1.leave(waiter);
    this.#http2.leave(waiter);
  }

  release(connection: UpstreamConnection): void {
    if (connection instanceof ClientConnection) this.#http1.release(connection);
  }

  retire(): void {
    this.#http1.retire();
    this.#http2.retire();
  }

  #goOver(waiters: readonly Waiter[], socket: SecuredSocket): void {
    this.#isHttp1 = true;
    this.#http1.adopt(socket);
    for (const waiter of waiters) {
      const failure = this.#http1.wait(waiter);
      if (failure !== undefined) waiter.onNoConnection(failure);
    }
  }
}
