import { seededRandom } from "../changes/change-script.ts";

/** Choices that a seed decides. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to `below - 1`. */
  number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** True in this share of cases. */
  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.number(choices.length)] as T;
  }

  /** From `min` to `max` of the choices, each at most once. */
  some<T>(choices: readonly T[], min: number, max: number): readonly T[] {
    const left = [...choices];
    const count = min + this.number(max - min + 1);
    return Array.from({ length: Math.min(count, choices.length) }, () => left.splice(this.number(left.length), 1)[0] as T);
  }
}
