import type { Clock } from "../../kernel/clock.ts";

/** A pause that can be cut short, also a moment before it begins: then it is none. One at a time. */
export class Pause {
  readonly #clock: Clock;
  #isDue = false;
  #resolve: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or when it is cut short. */
  async for(ms: number): Promise<void> {
    if (!this.#isDue) {
      let cancel: () => void = () => {};
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        cancel = this.#clock.after(ms, resolve);
      });
      cancel();
      this.#resolve = null;
    }
    this.#isDue = false;
  }

  /** Ends the pause under way, or else the next. */
  end(): void {
    this.#isDue = true;
    this.#resolve?.();
  }
}
