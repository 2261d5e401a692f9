import { FAILURES, type Failure } from "../../model/failure.ts";
import { SERVER_PENDING_MAX } from "../http1/limits.ts";
import type { Waiter } from "./upstream-connection.ts";

/** Requests that wait for a connection to one server, the first come first served. */
export class Waiters {
  #line: Waiter[] = [];

  get length(): number {
    return this.#line.length;
  }

  /** Takes one in; returns why it cannot be. */
  add(waiter: Waiter): Failure | undefined {
    if (this.#line.length >= SERVER_PENDING_MAX) return FAILURES.TooManyPending;
    this.#line.push(waiter);
    return undefined;
  }

  /** Lets one go that waits no longer; harmless when it is not here. */
  leave(waiter: Waiter): void {
    const at = this.#line.indexOf(waiter);
    if (at >= 0) this.#line.splice(at, 1);
  }

  /** Whose turn it is. */
  next(): Waiter | undefined {
    return this.#line.shift();
  }

  /** All of them, who are then nobody's here. */
  takeAll(): readonly Waiter[] {
    const all = this.#line;
    this.#line = [];
    return all;
  }
}
