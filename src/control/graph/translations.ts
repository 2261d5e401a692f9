import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../kernel/clock.ts";
import { originOf, type ResourceId } from "../../model/ids.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Resource } from "../../model/resource.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { Want } from "../store/want.ts";
import type { CompileMemory } from "../translate/compile-memory.ts";
import { ROOT_TRANSLATORS } from "../translate/root-translators.ts";
import type { CompileSettings } from "../translate/settings.ts";
import { nothing, type PartTranslation, type RootTranslation } from "../translate/translation.ts";
import { defect } from "./defect.ts";
import { askPart, ChangeReader, GROUPED_KINDS, partOf, type Question, Questions, wantedBy } from "./questions.ts";
import { classPart, RecordingView } from "./recording-view.ts";
import { LEVELS, type PartUnit, type RootUnit, type Unit } from "./unit.ts";

/** What the compiler reads: the store. */
export interface CompilerStore extends ObjectView {
  list(kind: string): Iterable<StoredObject>;
}

/** What one round of translation changed. */
export interface TranslationChanges {
  /** Roots that were redone, with what they were compiled to before. */
  readonly roots: ReadonlyMap<RootUnit, RootTranslation>;
  /** Parts that were made, redone or dropped. */
  readonly parts: ReadonlySet<ResourceId>;
  /** Parts that somebody began or ceased to ask for. */
  readonly uses: ReadonlySet<ResourceId>;
  /** Objects that somebody began or ceased to ask for, of the kinds that are held only where somebody does. */
  readonly wants: readonly Want[];
}

/**
 * Everything translated, kept up to date: a change redoes the units that asked about it, and a part whose face changed the roots
 * that saw it.
 */
export class Translations {
  readonly #settings: CompileSettings;
  readonly #clock: Clock;
  readonly #roots = new Map<string, RootUnit>();
  readonly #parts = new Map<ResourceId, PartUnit>();
  readonly #questions = new Questions<Unit>();
  readonly #reader = new ChangeReader();
  readonly #memory: CompileMemory;
  /** Asks for the classes that are published, so that they are there whether an object asks or not. */
  readonly #census: RootUnit = { type: "root", ref: CENSUS, level: 2, generation: 0, translation: nothing() };
  #classes: readonly string[] = [];

  /** `memory` is what was good of classes; it is kept up to date. */
  constructor(settings: CompileSettings, clock: Clock, memory: CompileMemory) {
    this.#settings = settings;
    this.#clock = clock;
    this.#memory = memory;
  }

  /** The classes that are published, each with what it brings to its graph: entry points and the like. */
  classes(): ReadonlyMap<string, readonly Resource[]> {
    const brought = this.#classes.map((name) => [name, this.part(classPart(name))?.brings] as const);
    return new Map(brought.flatMap(([name, brings]) => (brings === undefined ? [] : [[name, brings]])));
  }

  /** What a part is compiled to now; undefined when nobody asks for it. */
  part(id: ResourceId): PartTranslation | undefined {
    return this.#parts.get(id)?.translation;
  }

  /** The resource of a part; undefined when it cannot be had. */
  resource(id: ResourceId): Resource | undefined {
    return this.#parts.get(id)?.translation.resource ?? undefined;
  }

  /** The root an object is compiled as. */
  root(ref: ObjectRef): RootUnit | undefined {
    return this.#roots.get(objectKey(ref));
  }

  /** Every root. A live view. */
  roots(): Iterable<RootUnit> {
    return this.#roots.values();
  }

  /** Whether anybody but `except` asks for a part. */
  isUsed(id: ResourceId, except: RootUnit | undefined): boolean {
    return this.#questions.isAsked(askPart(id), except);
  }

  /** Redoes what the changes lead to, one unit a step. */
  *update(store: CompilerStore, changed: Iterable<ObjectRef> | "all"): Generator<void, TranslationChanges> {
    const round = new Round();
    if (changed === "all") this.#queueAll(store, round);
    else for (const ref of changed) this.#queueChange(ref, store, round);
    for (const level of LEVELS) {
      for (const unit of round.queues[level]) {
        if (unit.type === "part") this.#redoPart(unit, store, round);
        else if (unit === this.#census) this.#redoCensus(store, round);
        else this.#redoRoot(unit, store, round);
        yield;
      }
    }
    this.#dropUnused(round);
    round.wants = [...round.wanted].flatMap((question) => this.#want(question));
    return round;
  }

  #queueAll(store: CompilerStore, round: Round): void {
    for (const kind of GROUPED_KINDS) for (const { ref } of store.list(kind)) this.#reader.questionsAbout(ref, store);
    for (const kind of ROOT_TRANSLATORS.keys()) {
      for (const object of store.list(kind)) round.queue(this.#rootFor(object.ref));
    }
    round.queue(this.#census);
    for (const root of this.#roots.values()) round.queue(root);
    for (const part of this.#parts.values()) round.queue(part);
  }

  #queueChange(ref: ObjectRef, store: CompilerStore, round: Round): void {
    if (ROOT_TRANSLATORS.has(ref.kind)) round.queue(this.#rootFor(ref));
    for (const question of this.#reader.questionsAbout(ref, store)) this.#queueAskers(question, round);
  }

  #queueAskers(question: Question, round: Round): void {
    for (const unit of this.#questions.askers(question)) round.queue(unit);
  }

  #rootFor(ref: ObjectRef): RootUnit {
    const key = objectKey(ref);
    let root = this.#roots.get(key);
    if (root === undefined) {
      root = { type: "root", ref, level: 2, generation: 0, translation: nothing() };
      this.#roots.set(key, root);
    }
    return root;
  }

  #redoRoot(unit: RootUnit, store: CompilerStore, round: Round): void {
    const { kind, namespace, name } = unit.ref;
    const view = this.#view(store, round);
    // That it is redone when it changes goes without asking.
    const object = store.get(kind, namespace, name);
    const translate = ROOT_TRANSLATORS.get(kind);
    if (!round.roots.has(unit)) round.roots.set(unit, unit.translation);
    unit.generation = object?.generation ?? 0;
    if (object === undefined || translate === undefined) {
      this.#roots.delete(objectKey(unit.ref));
      view.questions.clear();
      unit.translation = nothing();
    } else {
      this.#attempt(unit, unit.ref, view, () => translate(object, view, this.#settings));
    }
    this.#note(unit, view, round);
  }

  #redoCensus(store: CompilerStore, round: Round): void {
    const view = this.#view(store, round);
    this.#classes = view.classRoster().published;
    for (const name of this.#classes) view.ingressClass(name);
    this.#note(this.#census, view, round);
  }

  /** Translates a unit. One that hits a defect keeps its translation, so that it takes nothing else out, and says so. */
  #attempt<T extends PartTranslation | RootTranslation>(
    unit: { translation: T } & Unit,
    ref: ObjectRef,
    view: RecordingView,
    translate: () => T,
  ): void {
    try {
      unit.translation = translate();
    } catch (error) {
      for (const question of this.#questions.asked(unit)) view.questions.add(question);
      unit.translation = { ...unit.translation, problems: [defect(ref, error)] };
    }
  }

  #redoPart(unit: PartUnit, store: CompilerStore, round: Round): void {
    const { face } = unit.translation;
    const view = this.#view(store, round);
    this.#attempt(unit, originOf(unit.id), view, () => unit.translate(view));
    this.#keepPart(unit, view, round);
    if (!isDeepStrictEqual(face, unit.translation.face)) this.#queueAskers(askPart(unit.id), round);
  }

  #keepPart(unit: PartUnit, view: RecordingView, round: Round): void {
    round.parts.add(unit.id);
    this.#note(unit, view, round);
  }

  #view(store: CompilerStore, round: Round): RecordingView {
    const view: RecordingView = new RecordingView(
      store,
      (id, level, translate) =>
        this.#askedPart({ type: "part", id, level, translate, translation: UNTRANSLATED }, view, store, round),
      this.#settings,
      this.#memory,
      this.#clock.now(),
    );
    return view;
  }

  #askedPart(candidate: PartUnit, asker: RecordingView, store: CompilerStore, round: Round): PartTranslation {
    const known = this.#parts.get(candidate.id);
    if (known !== undefined) return known.translation;
    const view = this.#view(store, round);
    try {
      candidate.translation = candidate.translate(view);
    } catch (error) {
      // The asker has the defect, then: there is no part to keep. What would mend it is redone with the asker.
      for (const question of view.questions) asker.questions.add(question);
      throw error;
    }
    this.#parts.set(candidate.id, candidate);
    this.#keepPart(candidate, view, round);
    return candidate.translation;
  }

  #note(unit: Unit, view: RecordingView, round: Round): void {
    for (const question of this.#questions.replace(unit, view.questions)) {
      const id = partOf(question);
      if (id !== null) round.uses.add(id);
      else round.wanted.add(question);
    }
  }

  #want(question: Question): readonly Want[] {
    const ref = wantedBy(question);
    return ref === null ? [] : [{ ref, isWanted: this.#questions.isAsked(question) }];
  }

  /** Drops the parts nobody asks for any more, and the parts only they asked for. */
  #dropUnused(round: Round): void {
    for (const id of round.uses) {
      const part = this.#parts.get(id);
      if (part === undefined || this.#questions.isAsked(askPart(id))) continue;
      this.#parts.delete(id);
      this.#memory.certificates.delete(id);
      round.parts.add(id);
      for (const question of this.#questions.replace(part, new Set())) {
        const asked = partOf(question);
        if (asked === null) {
          round.wanted.add(question);
          continue;
        }
        round.uses.delete(asked);
        round.uses.add(asked);
      }
    }
  }
}

/** Not an object: the name of a unit. */
const CENSUS: ObjectRef = { kind: "IngressClass", namespace: "", name: "" };

const UNTRANSLATED: PartTranslation = { face: undefined, resource: null, problems: [] };

/** The state of one round. Queues may grow while they are worked off. */
class Round implements TranslationChanges {
  readonly queues: readonly [Set<Unit>, Set<Unit>, Set<Unit>] = [new Set(), new Set(), new Set()];
  readonly roots = new Map<RootUnit, RootTranslation>();
  readonly parts = new Set<ResourceId>();
  readonly uses = new Set<ResourceId>();
  /** Questions that somebody began or ceased to ask, but for those about parts. */
  readonly wanted = new Set<Question>();
  wants: readonly Want[] = [];

  queue(unit: Unit): void {
    this.queues[unit.level].add(unit);
  }
}
