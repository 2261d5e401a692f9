/** Endless exponential back-off with jitter: doubles from `firstMs` to `mostMs`; `reset` when things are healthy again. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #nextMs: number;

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#random = random;
    this.#nextMs = firstMs;
  }

  /** The pause before the next try, in ms: between half and all of the current step. */
  next(): number {
    const step = this.#nextMs;
    this.#nextMs = Math.min(step * 2, this.#mostMs);
    return step / 2 + (this.#random() * step) / 2;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
