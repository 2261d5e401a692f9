import type { Clock } from "../../kernel/clock.ts";
import { NOTHING_SEEN, type SeenStatus } from "./seen-status.ts";

/** Writes of one object's status for one change: what holds after a moment, and what holds when all proxies have answered. */
export const WRITES_PER_CHANGE = 2;

/** An object that changes without being changed (a proxy that refuses, and no longer does) may be written about again after this time. */
const REFILL_MS = 60_000;

/** How often somebody else's change to what we wrote is put right, for one generation of an object. */
export const CORRECTIONS_MAX = 3;

/** What is known of one object's status. */
export interface StatusRecord {
  /** What the API server has. */
  seen: SeenStatus;
  /** Resource version that `seen` was read at; 0 when it is not known. */
  seenVersion: number;
  /** Resource version of our last write; what was seen before it is out of date. */
  ownVersion: number;
  /** Whether this process has written it. */
  hasWritten: boolean;
  /** Writes for the latest change, and when the last one was, on the monotonic clock. */
  writes: number;
  lastWriteMs: number;
  corrections: number;
  /** The object that `programmedGeneration` is of, by when it was created. */
  createdAtMs: number | null;
  /** The generation that all serving proxies have run; -1 for none. It stays until there is a new one. */
  programmedGeneration: number;
  isUnderWay: boolean;
  /** What came to be seen during a write. */
  later: { readonly seen: SeenStatus; readonly version: number } | null;
}

/** What is known of the statuses of all objects that have one; a few hundred bytes each. */
export class StatusBook {
  readonly #clock: Clock;
  readonly #records = new Map<string, StatusRecord>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): StatusRecord | undefined {
    return this.#records.get(key);
  }

  /** The record of an object, made where there is none. */
  of(key: string): StatusRecord {
    let record = this.#records.get(key);
    if (record === undefined) {
      record = {
        seen: NOTHING_SEEN,
        seenVersion: 0,
        ownVersion: 0,
        hasWritten: false,
        writes: 0,
        lastWriteMs: 0,
        corrections: 0,
        createdAtMs: null,
        programmedGeneration: -1,
        isUnderWay: false,
        later: null,
      };
      this.#records.set(key, record);
    }
    return record;
  }

  drop(key: string): void {
    this.#records.delete(key);
  }

  /** Whether a version of an object brings nothing new: it is our own write, was seen before, or is older. */
  knows(key: string, version: number): boolean {
    const record = this.#records.get(key);
    if (record === undefined || record.isUnderWay) return false;
    return version <= record.ownVersion || version === record.seenVersion;
  }

  /**
   * Takes note of a status that was listed or watched; whether it says something else than what was known. `isHolders`: whether another
   * replica may have written it, so that what it says of proxies is believed.
   */
  see(key: string, seen: SeenStatus, version: number, isHolders: boolean): boolean {
    const known = this.#records.get(key);
    if (known === undefined && seen === NOTHING_SEEN) return false;
    const record = known ?? this.of(key);
    if (record.isUnderWay) {
      record.later = { seen, version };
      return false;
    }
    if (version <= record.ownVersion) return false;
    if (known === undefined || isHolders) record.programmedGeneration = seen.programmedGeneration;
    const isOther = record.seen.fingerprint !== seen.fingerprint;
    record.seen = seen;
    record.seenVersion = version;
    return isOther && known !== undefined;
  }

  /** An object has changed: it may be written about again. */
  noteChange(record: StatusRecord, createdAtMs: number | null): void {
    record.writes = 0;
    if (record.createdAtMs !== null && record.createdAtMs !== createdAtMs) {
      record.programmedGeneration = -1;
      record.corrections = 0;
    }
    record.createdAtMs = createdAtMs;
  }

  /** Time until the next write is allowed; 0: now. */
  waitMs(record: StatusRecord): number {
    if (record.writes < WRITES_PER_CHANGE) return 0;
    const waitMs = record.lastWriteMs + REFILL_MS - this.#clock.monotonicMs();
    if (waitMs > 0) return waitMs;
    record.writes = 0;
    return 0;
  }

  /** A write has been accepted; whether something else came to be seen since. */
  noteWritten(key: string, record: StatusRecord, seen: SeenStatus, version: number): boolean {
    record.seen = seen;
    record.ownVersion = version;
    record.hasWritten = true;
    record.writes += 1;
    record.lastWriteMs = this.#clock.monotonicMs();
    record.isUnderWay = false;
    const { later } = record;
    record.later = null;
    return later !== null && this.see(key, later.seen, later.version, false);
  }
}
