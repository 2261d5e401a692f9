import { Backoff } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import { ApiError, ApiUnreachable } from "../api/api.ts";

/** Requests under way at the same time. */
const CONCURRENT_MAX = 16;

/** Pauses after an object's write failed. */
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 300_000;

/** Pauses of everything after the API server could not answer. */
const PAUSE_FIRST_MS = 500;
const PAUSE_MOST_MS = 30_000;

/** What is to be written first. */
export type Lane = "fresh" | "backlog";

export interface WriteQueueOptions {
  readonly clock: Clock;
  /** Requests a second on average, and at once after a time of rest. */
  readonly perSecond: number;
  readonly burst: number;
  /** Does what a key stands for; whether that took a request. A rejection has it done again later. */
  readonly write: (key: string, signal: AbortSignal) => Promise<boolean>;
  /** Called with every rejection. */
  readonly onFailed?: (key: string, error: unknown) => void;
}

/**
 * Keys waiting for a request each: fresh ones before the backlog, at a bounded rate, a few at a time and one at a time for each key.
 *
 * A key that fails is tried again after a pause of its own that grows; when the API server is not there, or too busy, everything
 * waits. The queue holds each key once, so its size is bounded by the number of objects.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #lanes: Readonly<Record<Lane, Set<string>>> = { fresh: new Set(), backlog: new Set() };
  readonly #underWay = new Set<string>();
  /** Keys that came again while they were under way. */
  readonly #again = new Map<string, Lane>();
  /** Keys that failed: their pauses, and what ends the one they are in. */
  readonly #failed = new Map<string, { readonly backoff: Backoff; cancel: () => void }>();
  readonly #pause = new Backoff(PAUSE_FIRST_MS, PAUSE_MOST_MS);
  #tokens: number;
  #filledMs: number;
  #pausedUntilMs = 0;
  #cancelWake: (() => void) | null = null;
  #abort = new AbortController();
  #isOpen = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledMs = options.clock.monotonicMs();
  }

  /** Begins to write. */
  open(): void {
    this.#isOpen = true;
    this.#abort = new AbortController();
    this.#pump();
  }

  /** Forgets everything and breaks off what is under way. */
  close(): void {
    this.#isOpen = false;
    this.#abort.abort();
    this.#cancelWake?.();
    this.#cancelWake = null;
    for (const { cancel } of this.#failed.values()) cancel();
    this.#failed.clear();
    this.#again.clear();
    this.#lanes.fresh.clear();
    this.#lanes.backlog.clear();
  }

  /** Number of keys that wait, those that failed included. */
  get size(): number {
    return this.#lanes.fresh.size + this.#lanes.backlog.size + this.#failed.size;
  }

  add(key: string, lane: Lane): void {
    if (!this.#isOpen || this.#failed.has(key)) return;
    if (this.#underWay.has(key)) {
      this.#again.set(key, lane);
      return;
    }
    if (this.#lanes.fresh.has(key)) return;
    if (lane === "fresh") this.#lanes.backlog.delete(key);
    this.#lanes[lane].add(key);
    this.#pump();
  }

  /** A new reason to write ends the pause a key is in. */
  retryNow(key: string): void {
    this.#failed.get(key)?.cancel();
    this.#failed.delete(key);
  }

  remove(key: string): void {
    this.#lanes.fresh.delete(key);
    this.#lanes.backlog.delete(key);
    this.#again.delete(key);
    this.retryNow(key);
  }

  #pump(): void {
    while (this.#isOpen && this.#underWay.size < CONCURRENT_MAX) {
      const lane = this.#lanes.fresh.size > 0 ? this.#lanes.fresh : this.#lanes.backlog;
      const [key] = lane;
      if (key === undefined) return;
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      this.#tokens -= 1;
      lane.delete(key);
      void this.#run(key, lane === this.#lanes.fresh ? "fresh" : "backlog");
    }
  }

  /** Time until the next request may be made. */
  #waitMs(): number {
    const { clock, perSecond, burst } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledMs) * perSecond) / 1_000);
    this.#filledMs = nowMs;
    const forToken = this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * 1_000) / perSecond;
    return Math.max(forToken, this.#pausedUntilMs - nowMs);
  }

  #wakeIn(waitMs: number): void {
    this.#cancelWake ??= this.#options.clock.after(Math.ceil(waitMs), () => {
      this.#cancelWake = null;
      this.#pump();
    });
  }

  async #run(key: string, lane: Lane): Promise<void> {
    const { signal } = this.#abort;
    this.#underWay.add(key);
    try {
      if (!(await this.#options.write(key, signal))) this.#tokens += 1;
      this.#pause.reset();
      this.#underWay.delete(key);
      this.#failed.delete(key);
    } catch (error) {
      this.#underWay.delete(key);
      if (!signal.aborted) this.#fail(key, lane, error);
    }
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined) this.add(key, again);
    this.#pump();
  }

  #fail(key: string, lane: Lane, error: unknown): void {
    const { clock, onFailed } = this.#options;
    onFailed?.(key, error);
    if (isServerTrouble(error)) {
      const waitMs = (error instanceof ApiError ? error.retryAfterMs : null) ?? this.#pause.next();
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, clock.monotonicMs() + waitMs);
      this.#lanes[lane].add(key);
      return;
    }
    const { backoff } = this.#failed.get(key) ?? { backoff: new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS) };
    const cancel = clock.after(backoff.next(), () => {
      this.#lanes[lane].add(key);
      this.#pump();
    });
    this.#failed.set(key, { backoff, cancel });
  }
}

/** Whether an error says nothing about the one object: the server is away, or too busy. */
function isServerTrouble(error: unknown): boolean {
  if (error instanceof ApiUnreachable) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}
