import type { Clock } from "../../kernel/clock.ts";
import type { LeaseRecord } from "./lease-record.ts";
import type { SeenLease } from "./lease-store.ts";

/** The replica that holds the Lease, as others see it. */
export interface Holder {
  readonly identity: string;
  /** Where proxies reach it; "" when it does not say. */
  readonly url: string;
}

/**
 * What a replica has seen of the Lease, and when by its own clock. The times in a Lease are by another machine's clock and are never
 * compared with ours: a holder is taken for dead when we have seen its record unchanged for as long as it promised to renew it.
 */
export class ObservedLease {
  readonly #clock: Clock;
  readonly #defaultDurationMs: number;
  #seen: SeenLease | null = null;
  /** What was last seen of a Lease that is there no more: whoever held it may not know yet. */
  #last: LeaseRecord | null = null;
  #changedMs: number;

  constructor(clock: Clock, defaultDurationMs: number) {
    this.#clock = clock;
    this.#defaultDurationMs = defaultDurationMs;
    this.#changedMs = clock.monotonicMs();
  }

  /** Null when there is none, or nothing has been seen yet. */
  get seen(): SeenLease | null {
    return this.#seen;
  }

  /** Takes note of what was read. */
  note(seen: SeenLease | null): void {
    if (seen !== null && !isSame(this.#last, seen.record)) this.#changedMs = this.#clock.monotonicMs();
    this.#last = seen?.record ?? this.#last;
    this.#seen = seen;
  }

  /** Ms until the Lease may be taken by others than its holder: 0 when that is now. */
  untilFreeMs(): number {
    const record = this.#last;
    if (record === null || record.holder === "") return 0;
    const durationMs = record.durationMs ?? this.#defaultDurationMs;
    return Math.max(0, this.#changedMs + durationMs - this.#clock.monotonicMs());
  }

  /** Whether this is who holds it, or was before it was deleted. */
  isHeldBy(identity: string): boolean {
    return this.#last?.holder === identity;
  }

  /** Who holds it, unless it may be taken by others. */
  holder(): Holder | null {
    const record = this.#seen?.record;
    return record === undefined || this.untilFreeMs() === 0 ? null : { identity: record.holder, url: record.url };
  }
}

function isSame(a: LeaseRecord | null, b: LeaseRecord): boolean {
  return a?.uid === b.uid && a.resourceVersion === b.resourceVersion;
}
