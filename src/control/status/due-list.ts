import type { Clock } from "../../kernel/clock.ts";

/** Keys that all fall due after the same time, each counted from when it came: one timer, whatever their number. */
export class DueList {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onDue: (key: string) => void;
  /** When each falls due, soonest first. */
  readonly #dueMs = new Map<string, number>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, delayMs: number, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onDue = onDue;
  }

  /** A key that waits already goes on waiting as before. */
  add(key: string): void {
    if (this.#dueMs.has(key)) return;
    this.#dueMs.set(key, this.#clock.monotonicMs() + this.#delayMs);
    this.#arm();
  }

  remove(key: string): void {
    this.#dueMs.delete(key);
  }

  clear(): void {
    this.#dueMs.clear();
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(): void {
    if (this.#cancel !== null) return;
    const [first] = this.#dueMs.values();
    if (first === undefined) return;
    this.#cancel = this.#clock.after(Math.max(0, Math.ceil(first - this.#clock.monotonicMs())), () => {
      this.#cancel = null;
      this.#tell();
      this.#arm();
    });
  }

  #tell(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) break;
      this.#dueMs.delete(key);
      this.#onDue(key);
    }
  }
}
