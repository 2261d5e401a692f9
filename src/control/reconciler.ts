import { Backoff } from "../kernel/backoff.ts";
import type { Clock } from "../kernel/clock.ts";
import { type ResourceId, resourceType } from "../model/ids.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import type { Delta } from "../model/snapshot.ts";
import { type CompileResult, mergeChanges } from "./graph/compile-result.ts";
import type { Compiler } from "./graph/compiler.ts";
import { HoldBook } from "./graph/hold-book.ts";
import type { Publisher } from "./publish/publisher.ts";
import type { ObjectStore } from "./store/object-store.ts";
import type { Want } from "./store/want.ts";

/** Changes that come this long after a run are taken together. */
const SETTLE_MS = 10;

/** No change waits longer than this for its run to begin, but for a run under way. */
const WAIT_MAX_MS = 100;

/** After a run that failed the next one begins after the first of these, and after twice as long each time, up to the second. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** Objects that translation began to ask for are awaited for this long, but before the first publication: nothing goes out without them. */
const WANTS_WAIT_MAX_MS = 2_000;

/** Compiles in a run: what the world needs is published by then, whatever else has come to be asked for. */
const ROUNDS_MAX = 3;

export interface ReconcilerParts {
  readonly store: ObjectStore;
  readonly compiler: Compiler;
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** Called after every run once it is published, also one that changed nothing, and before `onCompiled`. */
  readonly onRun?: (run: CompiledRun) => void;
  /** Called after every run that changed a snapshot or a problem, once it is published. */
  readonly onCompiled: (run: CompiledRun) => void;
  /**
   * Told after every compile what translation began or ceased to ask for, of the kinds that are held only where somebody does. The run
   * goes on when the promise it gives resolves (null: at once), and compiles what has come by then. `isFirst`: nothing was published yet,
   * or everything is compiled anew.
   */
  readonly onWants?: (wants: readonly Want[], isFirst: boolean) => Promise<void> | null;
  /** Called when a run ends with an error, which is a bug: what was published stays, and everything is compiled anew in `retryMs`. */
  readonly onFailed: (error: unknown, retryMs: number) => void;
}

/** What one run of the reconciler did. */
export interface CompiledRun {
  /** Counts the runs, from 1. What an object had become by a run is in every version published in it or after it. */
  readonly sequence: number;
  /** Objects that were taken from the store for this run. */
  readonly changed: readonly ObjectRef[] | "all";
  /** Objects whose status may be different now, those that are gone included; one may be named several times. */
  readonly touched: readonly ObjectRef[];
  /** All problems of the whole world; the same array as before when nothing about them changed. */
  readonly problems: readonly Problem[];
  readonly problemsChanged: boolean;
  /** Routers added, changed or removed, over all classes. */
  readonly changedRouters: readonly ResourceId<"router">[];
  /** The version of each class whose snapshot changed. */
  readonly versions: ReadonlyMap<string, string>;
  /** Objects that changed since the run before; all of them in the first run. */
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
 * A change that finds it idle starts a run at once (after the synchronous batch it belongs to); changes during a run or within
 * 10 ms after one are taken together, and never wait longer than 100 ms. A run that fails is tried again, over everything and with
 * what has changed by then, for as long as it takes.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #holds = new HoldBook();
  readonly #backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
  #sequence = 0;
  #state: "new" | "idle" | "scheduled" | "running" | "settling" | "failed" | "stopped" = "new";
  /** When the first change not yet taken came, on the monotonic clock; null when there is none. */
  #pendingSinceMs: number | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #unsubscribe: () => void = () => {};
  #cancelPause: () => void = () => {};
  #cancelHoldEnd: () => void = () => {};
  /** Those who wait until everything is published. */
  #waiting: (() => void)[] = [];

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Compiles and publishes everything once (resolves when it is published, rejects when that fails), then follows the store. */
  async start(): Promise<CompiledRun> {
    this.#unsubscribe = this.#parts.store.onChange(() => this.#noteChange());
    this.#state = "running";
    const first = this.#run("all");
    this.#running = first.catch(() => {});
    const run = await first;
    this.#settle();
    return run;
  }

  /** Resolves when everything the store has now is published, or when it stops before that. */
  settled(): Promise<void> {
    const isIdle = this.#state === "idle" || this.#state === "settling" || this.#state === "stopped";
    if (isIdle && this.#pendingSinceMs === null) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Stops following the store; resolves when a run under way has finished. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#letGo();
    this.#unsubscribe();
    this.#cancelPause();
    this.#cancelHoldEnd();
    await this.#running;
  }

  #noteChange(): void {
    this.#pendingSinceMs ??= this.#parts.clock.monotonicMs();
    if (this.#state === "idle") this.#schedule();
  }

  /** Begins a run once the code that makes the change is through. */
  #schedule(): void {
    this.#state = "scheduled";
    queueMicrotask(() => this.#begin("changes"));
  }

  #begin(what: "all" | "changes"): void {
    if (this.#state === "stopped") return;
    this.#state = "running";
    this.#running = this.#run(what).then(
      () => {
        this.#backoff.reset();
        this.#settle();
      },
      (error: unknown) => this.#retry(error),
    );
  }

  /** What a failed run has left half done is forgotten, so that the next one has to be over everything. */
  #retry(error: unknown): void {
    if (this.#state === "stopped") return;
    const { compiler, clock, onFailed } = this.#parts;
    this.#state = "failed";
    compiler.reset();
    const retryMs = this.#backoff.next();
    this.#cancelPause = clock.after(retryMs, () => this.#begin("all"));
    onFailed(error, retryMs);
  }

  #letGo(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Waits for what comes shortly after a run. */
  #settle(): void {
    if (this.#state === "stopped") return;
    this.#state = "settling";
    if (this.#pendingSinceMs === null) this.#letGo();
    const { clock } = this.#parts;
    const waitedMs = this.#pendingSinceMs === null ? 0 : clock.monotonicMs() - this.#pendingSinceMs;
    const leftMs = Math.max(0, Math.min(SETTLE_MS, WAIT_MAX_MS - waitedMs));
    this.#cancelPause = clock.after(leftMs, () => {
      this.#state = "idle";
      if (this.#pendingSinceMs !== null) this.#schedule();
    });
  }

  async #run(what: "all" | "changes"): Promise<CompiledRun> {
    const { store, publisher, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const sinceMs = this.#pendingSinceMs ?? startMs;
    this.#pendingSinceMs = null;
    const changes = store.takeChanges();
    const { result, more } = await this.#compile(what === "all" ? "all" : changes);
    const compiledMs = clock.monotonicMs();
    const deltas = await publisher.publishInSteps(result.changes);
    const endMs = clock.monotonicMs();
    this.#sequence += 1;
    const run: CompiledRun = {
      sequence: this.#sequence,
      changed: what === "all" ? "all" : [...changes, ...more],
      touched: result.touched,
      problems: result.problems,
      problemsChanged: result.problemsChanged,
      changedRouters: changedRouters(deltas),
      versions: new Map(deltas.map((delta) => [delta.class, delta.to])),
      changedObjects: what === "all" ? store.size : changes.length + more.length,
      durationMs: endMs - sinceMs,
      compileMs: compiledMs - startMs,
      publishMs: endMs - compiledMs,
    };
    this.#parts.onRun?.(run);
    if (deltas.length > 0 || result.problemsChanged) this.#parts.onCompiled(run);
    return run;
  }

  /**
   * Compiles; and once more where a rule that worked now misses a reference and gets its hold, or where objects that it began to ask for
   * came in the meantime: `more` is what has been taken from the store for that.
   */
  async #compile(changed: readonly ObjectRef[] | "all"): Promise<Compiled> {
    const { store, compiler, clock } = this.#parts;
    const more: ObjectRef[] = [];
    this.#holds.expire(clock.monotonicMs());
    let result: CompileResult = await compiler.updateInSteps(store, changed, this.#holds.current());
    for (let rounds = 1; ; rounds++) {
      this.#holds.release(result.releasable);
      this.#holds.add(result.holdable, clock.monotonicMs());
      const coming = this.#parts.onWants?.(result.wants, changed === "all") ?? null;
      this.#awaitHoldEnd();
      if ((result.holdable.length === 0 && coming === null) || rounds === ROUNDS_MAX) return { result, more };
      if (coming !== null) await (changed === "all" ? coming : this.#atMost(WANTS_WAIT_MAX_MS, coming));
      const came = coming === null ? [] : store.takeChanges();
      more.push(...came);
      result = merged(result, await compiler.updateInSteps(store, came, this.#holds.current()));
    }
  }

  #atMost(waitMs: number, coming: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(waitMs, resolve);
      void coming.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Has a run begin when the next hold ends. */
  #awaitHoldEnd(): void {
    this.#cancelHoldEnd();
    const endMs = this.#holds.nextEndMs();
    if (endMs === null || this.#state === "stopped") return;
    const { clock } = this.#parts;
    this.#cancelHoldEnd = clock.after(Math.max(0, endMs - clock.monotonicMs()), () => this.#noteChange());
  }
}

interface Compiled {
  readonly result: CompileResult;
  readonly more: readonly ObjectRef[];
}

/** What two runs after one another did; what is left to do is what the second left. */
function merged(first: CompileResult, second: CompileResult): CompileResult {
  return {
    changes: mergeChanges(first.changes, second.changes),
    get problems() {
      return second.problems;
    },
    problemsChanged: first.problemsChanged || second.problemsChanged,
    touched: [...first.touched, ...second.touched],
    wants: second.wants,
    holdable: second.holdable,
    releasable: second.releasable,
  };
}

function changedRouters(deltas: readonly Delta[]): readonly ResourceId<"router">[] {
  const ids = deltas.flatMap((delta) => [...delta.upserts.map((resource) => resource.id), ...delta.removals]);
  return ids.filter((id): id is ResourceId<"router"> => resourceType(id) === "router");
}
