/** How often something may happen: a burst, and then a rate. Time is the coarse time of `Deadlines`. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #sinceMs: number;

  constructor(burst: number, perS: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perS / 1000;
    this.#left = burst;
    this.#sinceMs = nowMs;
  }

  /** Counts some more; false when that is too many. Less than none gives some back. */
  take(nowMs: number, amount = 1): boolean {
    if (nowMs > this.#sinceMs) {
      this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#sinceMs) * this.#perMs);
      this.#sinceMs = nowMs;
    }
    this.#left = Math.min(this.#burst, this.#left - amount);
    return this.#left >= 0;
  }
}
