import { CONNECTIONS_MAX } from "../http1/limits.ts";
import type { OverloadState } from "../listen/overload-state.ts";

/** How much a worker has in hand. */
export interface Load {
  /** Share of its heap limit in use, 0 to 1. */
  readonly heapShare: number;
  /** Memory of its buffers, outside of the heap. */
  readonly externalBytes: number;
  /** Open client connections. */
  readonly connections: number;
  /** How late its event loop comes round, in ms. */
  readonly loopDelayMs: number;
}

/** For each kind of load the two marks: from the first on the worker is strained, from the second on it sheds. */
export type OverloadMarks = { readonly [kind in keyof Load]: readonly [strained: number, shedding: number] };

/** The marks of a worker whose buffers may take so many bytes. */
export function overloadMarks(externalBytesMax: number): OverloadMarks {
  return {
    heapShare: [0.85, 0.95],
    externalBytes: [0.75 * externalBytesMax, 0.95 * externalBytesMax],
    connections: [0.9 * CONNECTIONS_MAX, CONNECTIONS_MAX],
    loopDelayMs: [500, 3_000],
  };
}

/** A mark is left when the load is below this share of it: at the mark itself the worker would go to and fro. */
const RELEASE_SHARE = 0.9;

export const OVERLOAD_STATES = ["normal", "strained", "shedding"] as const;

/** Judges a worker's load, so that it gives way before its memory runs out: the marks are in docs/reference/limits.md. */
export class Overload implements OverloadState {
  readonly #marks: OverloadMarks;
  readonly #onChange: (level: number, cause: keyof Load) => void;
  #level = 0;

  /** `onChange` is told the new level, an index of `OVERLOAD_STATES`, and the kind of load that is highest by its marks. */
  constructor(marks: OverloadMarks, onChange: (level: number, cause: keyof Load) => void) {
    this.#marks = marks;
    this.#onChange = onChange;
  }

  get isStrained(): boolean {
    return this.#level >= 1;
  }

  get isShedding(): boolean {
    return this.#level >= 2;
  }

  /** Whether it is memory that passes a mark, or keeps one from being left. */
  isOverMemory(load: Load): boolean {
    return this.#isOver(load, "heapShare") || this.#isOver(load, "externalBytes");
  }

  #isOver(load: Load, kind: keyof Load): boolean {
    return load[kind] >= this.#marks[kind][0] * (this.#level === 0 ? 1 : RELEASE_SHARE);
  }

  /** Takes the load as it is now. */
  look(load: Load): void {
    const raised = this.#levelOf(load, 1);
    const held = this.#levelOf(load, RELEASE_SHARE);
    const level = Math.max(raised, Math.min(this.#level, held));
    if (level === this.#level) return;
    this.#level = level;
    this.#onChange(level, this.#cause(load));
  }

  #levelOf(load: Load, share: number): number {
    let level = 0;
    for (const kind of KINDS) {
      const [strained, shedding] = this.#marks[kind];
      if (load[kind] >= shedding * share) return 2;
      if (load[kind] >= strained * share) level = 1;
    }
    return level;
  }

  #cause(load: Load): keyof Load {
    const share = (kind: keyof Load): number => load[kind] / this.#marks[kind][this.isShedding ? 1 : 0];
    return KINDS.reduce((most, kind) => (share(kind) > share(most) ? kind : most));
  }
}

const KINDS: readonly (keyof Load)[] = ["heapShare", "externalBytes", "connections", "loopDelayMs"];
