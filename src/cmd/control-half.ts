import type { AddressInfo } from "node:net";
import type { ProxyAnswer } from "../channel/proxy-stream.ts";
import { ChannelServer } from "../channel/server.ts";
import { Compiler } from "../control/graph/compiler.ts";
import { Publisher } from "../control/publish/publisher.ts";
import { type CompiledRun, Reconciler } from "../control/reconciler.ts";
import { DirectorySource } from "../control/sources/directory/directory-source.ts";
import type { LocatedProblem, Location } from "../control/sources/directory/manifest-set.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import type { ClassSelection, CompileSettings } from "../control/translate/settings.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { systemClock } from "../kernel/clock.ts";
import { compareText } from "../kernel/compare-text.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import { manifestSettings } from "./manifest-settings.ts";

export interface ControlHalfOptions {
  /** Folder of manifests. */
  readonly directory: string;
  readonly entryPoints: readonly EntryPoint[];
  readonly classes: ClassSelection;
  /**
   * Called after each run that changed something, once it is published. `sinceMs`: when the system gave word of the first change in
   * it, on the monotonic clock.
   */
  readonly onCompiled: (run: CompiledRun, sinceMs: number) => void;
  /** Called when `problems()` may be different. */
  readonly onProblems: () => void;
  /** Called when a run has ended with an error, which is a bug: what was published stays, and the next try is in `retryMs`. */
  readonly onFailed: (error: unknown, retryMs: number) => void;
  readonly onAnswer?: (answer: ProxyAnswer) => void;
  readonly onGone?: (proxyId: string, className: string) => void;
  /** Called when the folder is polled, since the system refuses to watch it; `code` is the system's error. */
  readonly onPolling?: (code: string) => void;
}

/** The control plane on a folder, put together: what `dev` and `operator` share. */
export class ControlHalf {
  readonly store = new ObjectStore();
  readonly settings: CompileSettings;
  readonly publisher = new Publisher();
  readonly #source: DirectorySource;
  readonly #reconciler: Reconciler;
  readonly #server: ChannelServer;
  #compilerProblems: readonly Problem[] = [];
  /** When the system first gave word of what has not been read yet. */
  #noticedMs: number | null = null;
  /** The same, of what has been read and not been compiled. */
  #changedSinceMs: number | null = null;

  constructor(options: ControlHalfOptions) {
    const { store, publisher } = this;
    this.settings = manifestSettings(options.entryPoints, options.classes);
    store.onChange(() => {
      this.#changedSinceMs ??= this.#noticedMs;
    });
    this.#source = new DirectorySource({
      directory: options.directory,
      intake: new Intake(store, new KindCatalog()),
      onNoticed: () => {
        this.#noticedMs ??= systemClock.monotonicMs();
      },
      onSettled: () => {
        this.#noticedMs = null;
        options.onProblems();
      },
      onPolling: (code) => options.onPolling?.(code),
    });
    this.#reconciler = new Reconciler({
      store,
      compiler: new Compiler(this.settings),
      publisher,
      clock: systemClock,
      onCompiled: (run) => {
        this.#compilerProblems = run.problems;
        options.onCompiled(run, this.#takeChangedSince(run));
        options.onProblems();
      },
      onFailed: options.onFailed,
    });
    const { onAnswer, onGone } = options;
    this.#server = new ChannelServer({
      source: publisher,
      ...(onAnswer ? { onAnswer } : {}),
      ...(onGone ? { onGone } : {}),
    });
  }

  /** Opens the channel: proxies may come and wait for the first snapshot. Rejects as `ChannelServer.listen`. */
  listen(host: string, port: number): Promise<AddressInfo> {
    return this.#server.listen(host, port);
  }

  /** Reads the folder and publishes; follows it from then on. Rejects when the folder cannot be read. */
  async start(): Promise<CompiledRun> {
    await this.#source.start();
    return this.#reconciler.start();
  }

  /** Everything wrong with the manifests now, in the order of files and lines. */
  problems(): readonly LocatedProblem[] {
    const located = [...this.#source.problems(), ...this.#compilerProblems.map((found) => this.#source.located(found))];
    return located.sort((a, b) => compareText(a.file, b.file) || a.line - b.line || compareText(a.field, b.field));
  }

  /** What is wrong with files and objects, the compiler aside. In no particular order. */
  sourceProblems(): readonly LocatedProblem[] {
    return this.#source.problems();
  }

  /** A problem with the file and line of its object. */
  located(found: Problem): LocatedProblem {
    return this.#source.located(found);
  }

  /** The objects that files describe, each with where it stands. In no particular order. */
  objects(): Iterable<Location & { readonly object: ObjectRef }> {
    return this.#source.objects();
  }

  /** Number of files, and of objects in them. */
  get counts(): { readonly files: number; readonly objects: number } {
    return this.#source.counts;
  }

  /** What was noticed during a run counts from its first object, a moment later: the run does not say which word it took. */
  #takeChangedSince(run: CompiledRun): number {
    const firstObjectMs = systemClock.monotonicMs() - run.durationMs;
    const sinceMs = Math.min(this.#changedSinceMs ?? firstObjectMs, firstObjectMs);
    this.#changedSinceMs = null;
    return sinceMs;
  }

  /** Ends watching, compiling and serving. */
  async stop(): Promise<void> {
    await this.#source.stop();
    await this.#reconciler.stop();
    await this.#server.close();
  }
}
