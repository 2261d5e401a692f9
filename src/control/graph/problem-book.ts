import { isDeepStrictEqual } from "node:util";
import { objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";

/** All problems of the world, by who told them. */
export class ProblemBook {
  readonly #bySource = new Map<unknown, readonly Problem[]>();
  #sorted: readonly Problem[] | null = [];
  #changed = false;

  /** Replaces what a source tells. `source` is compared by identity. */
  set(source: unknown, problems: readonly Problem[]): void {
    const former = this.#bySource.get(source) ?? NONE;
    if (problems.length === 0 && former.length === 0) return;
    if (isDeepStrictEqual(former, problems)) return;
    if (problems.length === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, problems);
    this.#sorted = null;
    this.#changed = true;
  }

  /** All problems, each once, sorted by object, field, code and message. The same array until something changes. */
  list(): readonly Problem[] {
    this.#sorted ??= sort([...this.#bySource.values()].flat());
    return this.#sorted;
  }

  /** Whether anything changed since the last call. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }
}

const NONE: readonly Problem[] = [];

function sort(problems: readonly Problem[]): readonly Problem[] {
  const keyed = new Map(problems.map((one) => [[objectKey(one.object), one.field, one.code, one.message].join("\n"), one]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
