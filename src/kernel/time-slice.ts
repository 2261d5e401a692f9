import { setImmediate } from "node:timers/promises";

/** Lets long work share its thread: it asks `isOver` as it goes, and if so, awaits `breathe` before it goes on. */
export class TimeSlice {
  readonly #sliceMs: number;
  #endsAtMs: number;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
    this.#endsAtMs = performance.now() + sliceMs;
  }

  get isOver(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  /** Gives the event loop back, and begins a new slice after everything that waited has had its turn. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.#endsAtMs = performance.now() + this.#sliceMs;
  }
}
