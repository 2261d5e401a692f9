import type { Failure } from "../../model/failure.ts";
import { serverAuthority } from "../../model/server-authority.ts";
import { COUNTER, type CounterRow } from "../../telemetry/worker-counters.ts";
import type { Timeouts } from "../http1/limits.ts";
import type { Deadlines } from "../pipeline/deadlines.ts";
import type { ServerTls } from "./server-tls.ts";
import type { Pool, UpstreamConnection, Waiter } from "./upstream-connection.ts";
import { Waiters } from "./waiters.ts";

/** What every pool of a worker shares. */
export interface PoolContext {
  readonly deadlines: Deadlines;
  readonly timeouts: Timeouts;
  readonly counters: CounterRow;
}

/** The connections of one worker to one server, whatever they speak: where it is, how many there are, and who waits for one. */
export abstract class ServerConnections implements Pool {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  protected readonly context: PoolContext;
  protected readonly tls: ServerTls | null;
  protected readonly waiters = new Waiters();
  /** Nothing new comes: connections close as they fall idle. */
  protected isRetired = false;
  #open = 0;

  /** `tls`: how TLS is spoken; null in plaintext. */
  constructor(address: string, port: number, context: PoolContext, tls: ServerTls | null) {
    this.address = address;
    this.port = port;
    this.name = serverAuthority({ address, port });
    this.context = context;
    this.tls = tls;
  }

  /** Those under way and those that end included. */
  get open(): number {
    return this.#open;
  }

  get waiting(): number {
    return this.waiters.length;
  }

  abstract get idle(): number;

  abstract takeIdle(isChecked?: boolean, upgrades?: boolean): UpstreamConnection | null;

  abstract release(connection: UpstreamConnection): void;

  abstract retire(): void;

  wait(waiter: Waiter): Failure | undefined {
    const failure = this.waiters.add(waiter);
    if (failure === undefined) this.dial();
    return failure;
  }

  leave(waiter: Waiter): void {
    this.waiters.leave(waiter);
  }

  /** Makes connections for those who wait, as far as it may. */
  protected abstract dial(): void;

  /** A connection is about to be dialled. */
  protected countDialled(): void {
    this.count(1);
    this.context.counters.add(COUNTER.upstreamConnects, 1);
  }

  protected count(more: 1 | -1): void {
    this.#open += more;
    this.context.counters.add(COUNTER.upstreamOpen, more);
  }
}
