import type { Clock } from "../kernel/clock.ts";
import type { ResourceId } from "../model/ids.ts";
import type { Problem } from "../model/problem.ts";
import type { Compiler } from "./graph/compiler.ts";
import type { Publisher } from "./publish/publisher.ts";
import type { ObjectStore } from "./store/object-store.ts";

export interface ReconcilerParts {
  readonly store: ObjectStore;
  readonly compiler: Compiler;
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** Called after every run that changed something, once it is published. */
  readonly onCompiled: (run: CompiledRun) => void;
}

/** What one run of the reconciler did. */
export interface CompiledRun {
  /** All problems of the whole world; the same array as before when nothing about them changed. */
  readonly problems: readonly Problem[];
  readonly problemsChanged: boolean;
  /** Routers added, changed or removed, over all classes. */
  readonly changedRouters: readonly ResourceId<"router">[];
  /** The version of each class whose snapshot changed. */
  readonly versions: ReadonlyMap<string, string>;
  /** Objects that changed since the run before. */
  readonly changedObjects: number;
  /** From the first of these changes to the published deltas. */
  readonly durationMs: number;
  /** Time the compiler took, pauses included. */
  readonly compileMs: number;
  /** Time encoding and publishing took. */
  readonly publishMs: number;
}

/**
 * The level-based loop from store to snapshot: it reads the store, never the event, and runs one at a time.
 *
 * A change that finds it idle starts a run at once; changes during a run or within 10 ms after one are taken together, and never
 * wait longer than 100 ms.
 */
export class Reconciler {
  constructor(parts: ReconcilerParts) {
    void parts;
  }

  /** Compiles and publishes everything once (resolves when it is published), then follows the store. */
  async start(): Promise<CompiledRun> {
    throw new Error("the reconciler is being built");
  }

  /** Stops following the store; a run under way is finished first. */
  async stop(): Promise<void> {}
}
