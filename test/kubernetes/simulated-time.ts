import type { Clock } from "../../src/kernel/clock.ts";

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that passes from one happening to the next, the same for a test however slow the machine is. */
export class SimulatedTime {
  #nowMs = 0;
  #order = 0;
  #agenda: Happening[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Has something happen after `delayMs`; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void {
    const happening = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#agenda.push(happening);
    return () => {
      this.#agenda = this.#agenda.filter((each) => each !== happening);
    };
  }

  /** Lets `ms` pass; `onStep` is called after each happening and what follows from it. */
  async pass(ms: number, onStep: () => void = () => {}): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#agenda.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#agenda = this.#agenda.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.run();
      await settle();
      onStep();
    }
    this.#nowMs = untilMs;
  }
}

/** All that follows at once: promises that lead to promises. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** The clock of one process: it runs faster or slower than others, says another time, and the process stands still now and then. */
export class ProcessClock implements Clock {
  readonly #time: SimulatedTime;
  readonly #rate: number;
  readonly #offsetMs: number;
  #pausedUntilMs = 0;

  /** `rate`: how many of its milliseconds pass in one. */
  constructor(time: SimulatedTime, rate = 1, offsetMs = 0) {
    this.#time = time;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#offsetMs + this.monotonicMs();
  }

  monotonicMs(): number {
    return this.#time.nowMs * this.#rate;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#time.after(delayMs / this.#rate, () => this.whenAwake(run));
  }

  /** The process stands still for `ms`: what would happen in it happens afterwards. Its clock goes on. */
  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#time.nowMs + ms);
  }

  get isPaused(): boolean {
    return this.#time.nowMs < this.#pausedUntilMs;
  }

  /** Runs at once, or when the pause is over. */
  whenAwake(run: () => void): void {
    if (this.isPaused) this.#time.after(this.#pausedUntilMs - this.#time.nowMs, () => this.whenAwake(run));
    else run();
  }
}
