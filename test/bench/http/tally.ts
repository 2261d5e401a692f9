import { percentile } from "../contract.ts";
import type { Load } from "./load.ts";

const EXAMPLES_MAX = 5;

/** Counts what a client sees. */
export class Tally {
  readonly #latenciesMs: number[] = [];
  readonly #examples: string[] = [];
  #failed = 0;

  get answered(): number {
    return this.#latenciesMs.length;
  }

  answer(latencyMs: number): void {
    this.#latenciesMs.push(latencyMs);
  }

  fail(what: string): void {
    this.#failed++;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(what);
  }

  load(seconds: number): Load {
    const sorted = this.#latenciesMs.sort((a, b) => a - b);
    const at = (share: number) => percentile(sorted, share);
    return {
      answered: sorted.length,
      failed: this.#failed,
      seconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      examples: this.#examples,
    };
  }
}
