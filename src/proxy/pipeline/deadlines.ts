import type { Clock } from "../../kernel/clock.ts";

/** A sweep that comes so many periods after the last tells of a stall. */
const STALL_PERIODS = 2;

/** Something that must not take for ever. */
export interface Timed {
  /** When it is over, on the clock of `Deadlines.nowMs`; Infinity for never. */
  deadlineMs: number;
  /** Its place in the list; kept by `Deadlines`, -1 when it is in none. */
  timedAt: number;
  /** The deadline has passed. Called once per sweep until it is moved or the item is removed. */
  onDeadline(): void;
}

/**
 * All deadlines of one worker, held by one sweep per period instead of a timer each. Setting one is a single store.
 *
 * Time here is coarse: it moves at each sweep, so a deadline is exact to about one period. While the worker itself stands still (a
 * machine that is suspended or starved) it does not move: what peers sent meanwhile is not read yet, and they are not to blame.
 */
export class Deadlines {
  /** Coarse monotonic time in ms, less the time in which the worker did not run. */
  nowMs: number;
  /** The current time as an HTTP date (RFC 9110 §5.6.7), renewed at each sweep. */
  date: string;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #items: Timed[] = [];
  #cancel: () => void = () => {};
  #sweptMs: number;

  constructor(clock: Clock, periodMs = 1000) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.nowMs = clock.monotonicMs();
    this.#sweptMs = this.nowMs;
    this.date = new Date(clock.now()).toUTCString();
  }

  start(): void {
    this.#cancel = this.#clock.after(this.#periodMs, () => {
      this.sweep();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** The time that `nowMs` is at most one period behind. Costs a look at the clock. */
  get exactMs(): number {
    return this.nowMs + Math.min(this.#clock.monotonicMs() - this.#sweptMs, this.#periodMs);
  }

  /** How many are looked at. */
  get size(): number {
    return this.#items.length;
  }

  add(item: Timed): void {
    item.timedAt = this.#items.length;
    this.#items.push(item);
  }

  remove(item: Timed): void {
    if (item.timedAt < 0) return;
    const last = this.#items.pop() as Timed;
    if (last !== item) {
      this.#items[item.timedAt] = last;
      last.timedAt = item.timedAt;
    }
    item.timedAt = -1;
  }

  /** Ends what is over. Runs backwards, so that an item may remove itself, or others, on the way. */
  sweep(): void {
    const sweptMs = this.#clock.monotonicMs();
    const passedMs = sweptMs - this.#sweptMs;
    this.#sweptMs = sweptMs;
    this.nowMs += passedMs > STALL_PERIODS * this.#periodMs ? this.#periodMs : passedMs;
    this.date = new Date(this.#clock.now()).toUTCString();
    for (let i = this.#items.length - 1; i >= 0; i--) {
      const item = this.#items[i];
      if (item !== undefined && item.deadlineMs <= this.nowMs) item.onDeadline();
    }
  }
}
