import { setImmediate } from "node:timers/promises";

/** Lets long work share its thread: `breathe` gives the event loop back once the slice is used up. */
export class TimeSlice {
  readonly #sliceMs: number;
  #endsAtMs: number;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
    this.#endsAtMs = performance.now() + sliceMs;
  }

  /** Resolves at once while the slice lasts; else after everything that waited has had its turn. */
  async breathe(): Promise<void> {
    if (performance.now() < this.#endsAtMs) return;
    await setImmediate();
    this.#endsAtMs = performance.now() + this.#sliceMs;
  }
}
