import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { RoutingGraph } from "../../model/graph.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { Want } from "../store/want.ts";
import type { ClassSettings } from "../translate/class-settings.ts";
import { type CompileMemory, copyMemory, emptyMemory } from "../translate/compile-memory.ts";
import type { CompileSettings } from "../translate/settings.ts";
import type { RootTranslation } from "../translate/translation.ts";
import { ClassBuild } from "./class-build.ts";
import type { CompileResult, GraphChange } from "./compile-result.ts";
import { canWait, type Hold, type Holds, holdableRules, NO_HOLDS } from "./holds.ts";
import { ProblemBook } from "./problem-book.ts";
import { allSteps, inSteps } from "./steps.ts";
import { type CompilerStore, type TranslationChanges, Translations } from "./translations.ts";
import type { RootUnit } from "./unit.ts";
import { unusedMiddleware } from "./unused-middleware.ts";

export type { CompilerStore };

/** An object that is compiled for its own sake, and what it was compiled to. A live view: read it before the next run. */
export type CompiledRoot = Readonly<Pick<RootUnit, "ref" | "generation" | "translation">>;

/**
 * Turns all objects into one routing graph per class, redoing only what a change leads to.
 *
 * The result depends on the store, the holds, and what was good before (`memory`) alone, never on the way that led there: an incremental run and a run over
 * everything give the same graphs and the same problems.
 */
export class Compiler {
  readonly #settings: CompileSettings;
  readonly #clock: Clock;
  readonly #memory: CompileMemory;
  #translations: Translations;
  readonly #classes = new Map<string, ClassBuild>();
  /** Classes whose graph was begun in this run. */
  readonly #begun = new Set<string>();
  #problems = new ProblemBook();
  #holds: Holds = NO_HOLDS;
  #isFirstRun = true;

  /** `memory` is what was good before, from another compiler's `memory`. */
  constructor(settings: CompileSettings, clock: Clock = systemClock, memory: CompileMemory = emptyMemory()) {
    this.#settings = settings;
    this.#clock = clock;
    this.#memory = memory;
    this.#translations = new Translations(settings, clock, memory);
  }

  /**
   * Forgets everything but what was good: after a run that ended with an error, what is half done cannot be built upon. The
   * next run must be one over everything, and its changes are whole.
   */
  reset(): void {
    this.#translations = new Translations(this.#settings, this.#clock, this.#memory);
    this.#classes.clear();
    this.#begun.clear();
    this.#problems = new ProblemBook();
    this.#holds = NO_HOLDS;
    this.#isFirstRun = true;
  }

  /** Brings the graphs up to date with the store, given what changed since the last run (`all` at first). */
  update(store: CompilerStore, changed: Iterable<ObjectRef> | "all", holds: Holds = NO_HOLDS): CompileResult {
    return allSteps(this.#run(store, changed, holds));
  }

  /**
   * As `update`, giving the event loop back every 20 ms. One run at a time. The store may change meanwhile, if these changes are
   * given to the next run.
   */
  updateInSteps(store: CompilerStore, changed: Iterable<ObjectRef> | "all", holds: Holds = NO_HOLDS): Promise<CompileResult> {
    return inSteps(this.#run(store, changed, holds));
  }

  /** The whole graph of a class as of the last run; its resources are a live view. Undefined when the class is not published. */
  graph(className: string): RoutingGraph | undefined {
    const build = this.#classes.get(className);
    return build && { class: className, resources: build.graph.resources, problems: this.#problems.list() };
  }

  /** What an object was compiled to in the last run; undefined when it is of no kind that is compiled, or gone. */
  root(ref: ObjectRef): CompiledRoot | undefined {
    return this.#translations.root(ref);
  }

  /** Every object that is compiled for its own sake. A live view: read it before the next run. */
  roots(): Iterable<CompiledRoot> {
    return this.#translations.roots();
  }

  /** The problems of one object as of the last run. */
  problemsOf(ref: ObjectRef): readonly Problem[] {
    return this.#problems.of(ref);
  }

  /** Names of the classes that are published as of the last run, sorted. */
  classes(): readonly string[] {
    return [...this.#classes.keys()].sort();
  }

  /** What a published class is configured as, as of the last run: where its FairwayClass is gone, as it was before. */
  settingsOf(className: string): ClassSettings | undefined {
    return this.#memory.classes.get(className)?.settings;
  }

  /** What was good the last time: an input of the next compile from nothing, so that it gives what this one gives. */
  get memory(): CompileMemory {
    return copyMemory(this.#memory);
  }

  /** Begins the graphs of classes that have come, and gives each class its entry points; the names of those that have gone. */
  #followClasses(): ReadonlySet<string> {
    const gone = new Set(this.#classes.keys());
    for (const [name, brings] of this.#translations.classes()) {
      gone.delete(name);
      let build = this.#classes.get(name);
      if (build === undefined) {
        build = new ClassBuild((id) => this.#translations.resource(id));
        build.setHolds(name, this.#holds);
        this.#classes.set(name, build);
        this.#begun.add(name);
      }
      build.bring(brings);
    }
    return gone;
  }

  *#run(store: CompilerStore, changed: Iterable<ObjectRef> | "all", holds: Holds): Generator<void, CompileResult> {
    const changes = yield* this.#translations.update(store, changed);
    const gone = this.#followClasses();
    const roots = new Set([...changes.roots.keys(), ...this.#takeHolds(holds)]);
    const holdable: Hold[] = [];
    for (const root of roots) {
      const before = changes.roots.get(root);
      if (before !== undefined) holdable.push(...this.#holdable(root, before));
    }
    for (const root of roots) {
      this.#contribute(root, changes.roots.get(root) ?? root.translation);
      yield;
    }
    for (const build of this.#classes.values()) build.settle();
    this.#refreshParts(changes);
    yield* this.#tellProblems(changes);
    const redone = [...roots].map((root) => root.ref);
    const result = this.#result(holdable, redone, changes.wants);
    for (const name of gone) this.#classes.delete(name);
    return result;
  }

  /** Takes new holds over; the roots they make a difference to. */
  #takeHolds(holds: Holds): readonly RootUnit[] {
    const before = this.#holds;
    this.#holds = holds;
    const differing = [...before.values(), ...holds.values()].filter((hold) => before.get(hold.id) !== holds.get(hold.id));
    if (differing.length === 0) return [];
    for (const [name, build] of this.#classes) build.setHolds(name, holds);
    return differing.flatMap((hold) => this.#translations.root(hold.router.origin) ?? []);
  }

  #holdable(root: RootUnit, before: RootTranslation): readonly Hold[] {
    const build = this.#classes.get(root.translation.className ?? "");
    if (build === undefined) return [];
    return holdableRules(before, root.translation, build.graph).filter((hold) => !this.#holds.has(hold.id));
  }

  #contribute(root: RootUnit, before: RootTranslation): void {
    const { className } = root.translation;
    if (before.className !== null && before.className !== className) {
      this.#classes.get(before.className)?.contribute(root, null, this.#holds);
    }
    if (className !== null) this.#classes.get(className)?.contribute(root, root.translation, this.#holds);
  }

  #refreshParts(changes: TranslationChanges): void {
    for (const build of this.#classes.values()) for (const id of changes.parts) build.graph.refresh(id);
  }

  *#tellProblems(changes: TranslationChanges): Generator<void> {
    for (const root of changes.roots.keys()) this.#problems.set(root, root.translation.problems);
    for (const id of changes.parts) this.#problems.set(id, this.#translations.part(id)?.problems ?? []);
    for (const id of changes.uses) this.#problems.set(`unused ${id}`, unusedMiddleware(id, this.#translations));
    for (const [name, build] of this.#classes) {
      for (const [claim, problems] of build.conflicts.takeProblems()) this.#problems.set(`conflict ${name} ${claim}`, problems);
      for (const [host, problems] of build.tlsHosts.takeProblems()) this.#problems.set(`tls ${name} ${host}`, problems);
      const shadowed = yield* build.shadowing.takeProblems();
      for (const [about, problems] of shadowed) this.#problems.set(`shadow ${name} ${about}`, problems);
    }
  }

  #result(holdable: readonly Hold[], redone: readonly ObjectRef[], wants: readonly Want[]): CompileResult {
    const changes = new Map<string, GraphChange>();
    for (const [name, build] of this.#classes) {
      const change = build.graph.takeChange();
      if (this.#isFirstRun || this.#begun.has(name)) changes.set(name, { ...change, isWhole: true });
      else if (change.upserts.length > 0 || change.removals.length > 0) changes.set(name, change);
    }
    const book = this.#problems;
    const problemsChanged = book.takeChanged() || this.#isFirstRun;
    this.#isFirstRun = false;
    this.#begun.clear();
    return {
      changes,
      problemsChanged,
      get problems() {
        return book.list();
      },
      touched: [...redone, ...book.takeTouched()],
      wants,
      holdable,
      releasable: [...this.#holds.values()].filter((hold) => this.#isOver(hold)).map((hold) => hold.id),
    };
  }

  /** Whether the rule a hold stands in for works, or is gone. */
  #isOver(hold: Hold): boolean {
    const routers = this.#translations.root(hold.router.origin)?.translation.routers ?? [];
    const router = routers.find((one) => one.id === hold.id);
    return router === undefined || !canWait(router, hold);
  }
}
