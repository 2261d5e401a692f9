import type { Term } from "../../channel/term.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { LeaseRecord } from "./lease-record.ts";

/** The right to write and to publish, for as long as this replica holds the Lease. */
export interface HeldTerm extends Term {
  /** Aborted when the right ends: what is under way is to be broken off. */
  readonly signal: AbortSignal;
}

/** A term of this replica, from the inside: it ends when it is not extended in time, or when `end` is called. */
export class OwnTerm implements HeldTerm {
  readonly number: bigint;
  readonly lease: string;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #onExpired: () => void;
  /** Until when it is current, on the monotonic clock. */
  #fenceMs = 0;
  #cancelExpiry: () => void = () => {};
  #ended = false;

  /** `onExpired` is called once, when the fence has been reached before the end. */
  constructor({ transitions, uid }: LeaseRecord, clock: Clock, onExpired: () => void) {
    this.number = BigInt(transitions);
    this.lease = uid;
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** By the clock, not by the timer, which a thread that stands still delays. */
  isCurrent(): boolean {
    return this.leftMs > 0;
  }

  /** How long it is still current. */
  get leftMs(): number {
    return this.#ended ? 0 : Math.max(0, this.#fenceMs - this.#clock.monotonicMs());
  }

  /** It is current until this moment of the monotonic clock. */
  extend(fenceMs: number): void {
    if (this.#ended) return;
    this.#fenceMs = fenceMs;
    this.#cancelExpiry();
    this.#cancelExpiry = this.#clock.after(this.leftMs, () => this.#onExpired());
  }

  end(): void {
    this.#ended = true;
    this.#cancelExpiry();
    this.#abort.abort();
  }
}
