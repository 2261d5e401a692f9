import type { LoadBalancer } from "../../model/service.ts";
import { Http2Pool } from "../http2/http2-pool.ts";
import { type PoolContext, ServerPool } from "./server-pool.ts";
import type { Pool } from "./upstream-connection.ts";

/** The pool of one server, with those who need it. */
interface Held {
  readonly key: string;
  readonly pool: Pool;
  holders: number;
}

/**
 * All pools of a worker, by how a server is spoken to and its address: identity decides what lives. Services that share a server share
 * its pool, and a pool outlives every change of configuration that keeps its server.
 */
export class ServerPools {
  readonly context: PoolContext;
  readonly #held = new Map<string, Held>();
  readonly #byPool = new Map<Pool, Held>();

  constructor(context: PoolContext) {
    this.context = context;
  }

  /** The pool of a server; each `hold` asks for one `drop`. `address` is an IP address. */
  hold(address: string, port: number, scheme: LoadBalancer["scheme"]): Pool {
    const key = `${scheme} ${address} ${port}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { key, pool: this.#make(address, port, scheme), holders: 0 };
      this.#held.set(key, held);
      this.#byPool.set(held.pool, held);
    }
    held.holders++;
    return held.pool;
  }

  drop(pool: Pool): void {
    const held = this.#byPool.get(pool);
    if (held === undefined || --held.holders > 0) return;
    this.#held.delete(held.key);
    this.#byPool.delete(pool);
    pool.retire();
  }

  /** Every pool in use, for counts. */
  all(): Iterable<Pool> {
    return this.#byPool.keys();
  }

  /** Closes what is idle; used when the worker ends. */
  retireAll(): void {
    for (const pool of this.#byPool.keys()) pool.retire();
  }

  #make(address: string, port: number, scheme: LoadBalancer["scheme"]): Pool {
    return scheme === "h2c" ? new Http2Pool(address, port, this.context) : new ServerPool(address, port, this.context);
  }
}
