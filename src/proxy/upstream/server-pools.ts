import type { LoadBalancer } from "../../model/service.ts";
import type { Timeouts } from "../http1/limits.ts";
import { Http2Pool } from "../http2/http2-pool.ts";
import type { LoadBalancerPlan } from "../worker/live-service.ts";
import { AlpnPool } from "./alpn-pool.ts";
import type { PoolContext } from "./server-connections.ts";
import { ServerPool } from "./server-pool.ts";
import { ServerTls } from "./server-tls.ts";
import type { Pool } from "./upstream-connection.ts";

/** Which server, and how it is spoken to. */
export interface PoolWish {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  readonly scheme: LoadBalancer["scheme"];
  readonly transport?: LoadBalancerPlan["transport"] | undefined;
  /** The server as endpoints have it: its address, or its DNS name. */
  readonly name: string;
}

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

  /** The pool of a server; each `hold` asks for one `drop`. */
  hold(wish: PoolWish): Pool {
    const key = keyOf(wish);
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { key, pool: this.#make(wish), holders: 0 };
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

  #make({ address, port, scheme, transport, name }: PoolWish): Pool {
    if (scheme === "h2c") return new Http2Pool(address, port, this.context);
    const { connectMs, idleMs, idleConnectionsMax } = transport?.value ?? {};
    const timeouts: Timeouts = {
      ...this.context.timeouts,
      ...(connectMs === undefined ? {} : { connectMs: connectMs || Number.POSITIVE_INFINITY }),
      ...(idleMs === undefined ? {} : { poolIdleMs: idleMs || Number.POSITIVE_INFINITY }),
    };
    const context = { ...this.context, timeouts };
    const tls = scheme === "https" ? new ServerTls(transport?.value ?? null, name) : null;
    const http1 = new ServerPool(address, port, context, tls, idleConnectionsMax);
    return tls === null || transport?.value.avoidsHttp2 === true ? http1 : new AlpnPool(http1, tls, context);
  }
}

/** Under TLS the name of the server, too: it settles whom its certificate must name. */
function keyOf({ address, port, scheme, transport, name }: PoolWish): string {
  const secured = scheme === "https" ? ` ${name}` : "";
  return `${scheme} ${address} ${port}${secured} ${transport?.fingerprint ?? ""}`;
}
