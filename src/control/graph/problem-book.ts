import { isDeepStrictEqual } from "node:util";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";

/** All problems of the world, by who told them, and by whom they are about. */
export class ProblemBook {
  readonly #bySource = new Map<unknown, readonly Problem[]>();
  /** Who tells something about an object, by `objectKey`. */
  readonly #sources = new Map<string, Set<unknown>>();
  #touched: ObjectRef[] = [];
  #sorted: readonly Problem[] | null = [];
  #changed = false;

  /** Replaces what a source tells. `source` is compared by identity. */
  set(source: unknown, problems: readonly Problem[]): void {
    const former = this.#bySource.get(source) ?? NONE;
    if (problems.length === 0 && former.length === 0) return;
    if (isDeepStrictEqual(former, problems)) return;
    for (const { object } of former) this.#unlink(object, source);
    if (problems.length === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, problems);
    for (const { object } of problems) this.#link(object, source);
    this.#sorted = null;
    this.#changed = true;
  }

  /** All problems, each once, sorted by object, field, code and message. The same array until something changes. */
  list(): readonly Problem[] {
    this.#sorted ??= sort([...this.#bySource.values()].flat());
    return this.#sorted;
  }

  /** The problems of one object, each once, sorted as in `list`. */
  of(ref: ObjectRef): readonly Problem[] {
    const key = objectKey(ref);
    const sources = this.#sources.get(key);
    if (sources === undefined) return NONE;
    const told = [...sources].flatMap((source) => this.#bySource.get(source) ?? NONE);
    return sort(told.filter((one) => objectKey(one.object) === key));
  }

  /** Whether anything changed since the last call. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** The objects that something else was told about since the last call; one may be named several times. */
  takeTouched(): readonly ObjectRef[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  #link(ref: ObjectRef, source: unknown): void {
    const key = objectKey(ref);
    const sources = this.#sources.get(key);
    if (sources === undefined) this.#sources.set(key, new Set([source]));
    else sources.add(source);
    this.#touched.push(ref);
  }

  #unlink(ref: ObjectRef, source: unknown): void {
    const key = objectKey(ref);
    const sources = this.#sources.get(key);
    sources?.delete(source);
    if (sources?.size === 0) this.#sources.delete(key);
    this.#touched.push(ref);
  }
}

const NONE: readonly Problem[] = [];

function sort(problems: readonly Problem[]): readonly Problem[] {
  const keyed = new Map(problems.map((one) => [[objectKey(one.object), one.field, one.code, one.message].join("\n"), one]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
