import type { ConnectionPolicy } from "./connection-policy.ts";

/** How much a client connection has carried, and for how long: what its entry point may limit. */
export class ConnectionLife {
  /** Requests so far. */
  requests = 0;
  readonly #bornMs: number;
  readonly #policy: ConnectionPolicy;

  constructor(nowMs: number, policy: ConnectionPolicy) {
    this.#bornMs = nowMs;
    this.#policy = policy;
  }

  /** Counts a request; whether the connection is old enough, or has carried enough, to end with it. */
  isSpentBy(nowMs: number): boolean {
    const { requestsMax, timeouts } = this.#policy;
    this.requests++;
    return this.requests >= requestsMax || nowMs - this.#bornMs >= timeouts.ageMs;
  }
}
