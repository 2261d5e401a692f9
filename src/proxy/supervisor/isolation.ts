import type { Clock } from "../../kernel/clock.ts";

/** After this time without an operator, unless the class says otherwise. */
export const ISOLATE_AFTER_MS = 300_000;

export interface IsolationOptions {
  readonly clock: Clock;
  /** How long what is held may go unconfirmed; 0: for ever. */
  readonly afterMs: number;
  /** Called when it begins and when it ends. */
  readonly onChange: (isIsolated: boolean) => void;
}

/**
 * Whether nobody has confirmed for long that what the proxy holds is what an operator publishes. Then Pods may have come and gone, and
 * their addresses may belong to others.
 */
export class Isolation {
  readonly #clock: Clock;
  readonly #defaultMs: number;
  readonly #onChange: (isIsolated: boolean) => void;
  #afterMs: number;
  #confirmedMs: number;
  #isIsolated = false;
  #cancel: () => void = () => {};

  constructor({ clock, afterMs, onChange }: IsolationOptions) {
    this.#clock = clock;
    this.#defaultMs = afterMs;
    this.#afterMs = afterMs;
    this.#onChange = onChange;
    this.#confirmedMs = clock.monotonicMs();
  }

  get isIsolated(): boolean {
    return this.#isIsolated;
  }

  /** Counts from now on. */
  start(): void {
    this.#confirmedMs = this.#clock.monotonicMs();
    this.#await();
  }

  stop(): void {
    this.#cancel();
  }

  /** What is held is what an operator publishes now. */
  confirm(): void {
    this.#confirmedMs = this.#clock.monotonicMs();
    this.#change(false);
  }

  /** What the class says; null when it says nothing. */
  setAfter(afterMs: number | null): void {
    const wantedMs = afterMs ?? this.#defaultMs;
    if (wantedMs === this.#afterMs) return;
    this.#afterMs = wantedMs;
    this.#await();
  }

  /** Looks again when it may have begun; what was confirmed meanwhile moves that on. */
  #await(): void {
    this.#cancel();
    if (this.#afterMs === 0) {
      this.#change(false);
      return;
    }
    const leftMs = this.#confirmedMs + this.#afterMs - this.#clock.monotonicMs();
    if (leftMs <= 0) this.#change(true);
    this.#cancel = this.#clock.after(leftMs > 0 ? leftMs : this.#afterMs, () => this.#await());
  }

  #change(isIsolated: boolean): void {
    if (isIsolated === this.#isIsolated) return;
    this.#isIsolated = isIsolated;
    this.#onChange(isIsolated);
  }
}
