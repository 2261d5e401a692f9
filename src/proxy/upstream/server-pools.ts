import { type PoolContext, ServerPool } from "./server-pool.ts";

/**
 * All pools of a worker, by server address: identity decides what lives. Services that share a server share its pool, and a pool
 * outlives every change of configuration that keeps its server.
 */
export class ServerPools {
  readonly context: PoolContext;
  readonly #held = new Map<string, { readonly pool: ServerPool; holders: number }>();

  constructor(context: PoolContext) {
    this.context = context;
  }

  /** The pool of a server; each `hold` asks for one `drop`. `address` is an IP address. */
  hold(address: string, port: number): ServerPool {
    const key = `${address} ${port}`;
    let entry = this.#held.get(key);
    if (entry === undefined) {
      entry = { pool: new ServerPool(address, port, this.context), holders: 0 };
      this.#held.set(key, entry);
    }
    entry.holders++;
    return entry.pool;
  }

  drop(pool: ServerPool): void {
    const key = `${pool.address} ${pool.port}`;
    const entry = this.#held.get(key);
    if (entry === undefined || --entry.holders > 0) return;
    this.#held.delete(key);
    pool.retire();
  }

  /** Every pool in use, for counts. */
  *all(): Iterable<ServerPool> {
    for (const { pool } of this.#held.values()) yield pool;
  }

  /** Closes what is idle; used when the worker ends. */
  retireAll(): void {
    for (const { pool } of this.#held.values()) pool.retire();
  }
}
