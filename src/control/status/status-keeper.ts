import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { inSteps } from "../graph/steps.ts";
import type { CompiledRun } from "../reconciler.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { ClassViews } from "./class-views.ts";
import { desiredStatus, isCovered } from "./desired-status.ts";
import { DueList } from "./due-list.ts";
import { EventRecorder } from "./event-recorder.ts";
import type { StatusKeeperOptions } from "./keeper-options.ts";
import { RefusalWatch } from "./refusal-watch.ts";
import { addressesFingerprint, NOTHING_SEEN, readStatus } from "./seen-status.ts";
import { CORRECTIONS_MAX, StatusBook, type StatusRecord } from "./status-book.ts";
import { EVENT_KINDS, STATUS_KINDS } from "./status-kinds.ts";
import { type StatusWork, statusWork } from "./status-work.ts";
import { StatusWriter } from "./status-writer.ts";
import { type Lane, WriteQueue } from "./write-queue.ts";

/** How long proxies have to answer before what holds then is written. */
export const ANSWER_MS = 1_000;

/** The same for what a new holder finds: proxies have to come to it first. */
export const TAKEOVER_MS = 5_000;

/** Status writes a second: 5,000 take 13 s. An API server that finds it too much says so (429), and gets a pause. */
const WRITES_PER_SECOND = 400;

/** Writes that may go out at once after a time of rest. */
const WRITE_BURST = 100;

/**
 * Says in the status of every object what became of it, and in Events what is wrong: by the Lease holder alone, when the proxies have
 * answered or had a second to, at most twice per object and change, and only where the API server has something else.
 *
 * It is told of runs, answers and statuses seen whether it is the holder or not, so that it can begin at once.
 */
export class StatusKeeper {
  readonly #options: StatusKeeperOptions;
  readonly #book: StatusBook;
  readonly #views: ClassViews;
  readonly #writer: StatusWriter;
  readonly #queue: WriteQueue;
  readonly #events: EventRecorder;
  readonly #due: Readonly<Record<Lane, DueList>>;
  readonly #refusals: RefusalWatch;
  readonly #works = new Map<string, StatusWork>();
  /** Objects that are no longer ours, whose statuses are to go. */
  readonly #releases = new Map<string, ObjectRef>();
  /** The last run; 0 before the first. */
  #sequence = 0;
  /** Everything that was wrong at its end. */
  #problems: readonly Problem[] = [];
  #isHolder = false;

  constructor(options: StatusKeeperOptions) {
    const { api, clock, store, controllerName, instance, compiler, classes, publish } = options;
    const onTrouble = options.onTrouble ?? (() => {});
    this.#options = options;
    this.#book = new StatusBook(clock);
    this.#writer = new StatusWriter(api, controllerName);
    this.#views = new ClassViews({
      ...{ api, clock, store, classes, publish },
      resources: (className) => compiler.graph(className)?.resources,
      onAddresses: (className) => this.#inBackground(this.#touchEach(this.#ingressesOf(className), "backlog", false)),
      onFailed: (className, error) => onTrouble(`the addresses of class ${className} could not be read`, error),
    });
    this.#queue = new WriteQueue({
      ...{ clock, perSecond: WRITES_PER_SECOND, burst: WRITE_BURST },
      write: (key, signal) => this.#write(key, signal),
      onFailed: (key, error) => onTrouble(`the status of ${key} could not be written`, error),
    });
    this.#events = new EventRecorder({
      ...{ api, clock, controllerName, instance, uidOf: options.uidOf ?? (() => undefined) },
      onFailed: (object, error) => onTrouble(`an Event about ${objectKey(object)} could not be written`, error),
    });
    const fallDue = (key: string): void => this.#fallDue(key);
    this.#due = { fresh: new DueList(clock, ANSWER_MS, fallDue), backlog: new DueList(clock, TAKEOVER_MS, fallDue) };
    this.#refusals = new RefusalWatch({
      ...{ clock, delayMs: ANSWER_MS },
      roots: () => compiler.roots(),
      resources: (className) => this.#views.of(className).resources,
      onFailed: (error) => onTrouble("refusals could not be looked over", error),
      onFound: (className, objects) => this.#touchRefused(className, objects),
    });
  }

  /** Number of objects whose statuses wait: to be written, or for proxies. */
  get waiting(): number {
    return this.#works.size + this.#releases.size;
  }

  /** From now on this process writes, or no longer does; what is under way is broken off then. */
  setHolder(isHolder: boolean): void {
    if (isHolder === this.#isHolder) return;
    this.#isHolder = isHolder;
    if (isHolder) {
      this.#queue.open();
      this.#events.open();
      this.#views.addresses.start();
      if (this.#sequence > 0) this.#touchAll();
      return;
    }
    for (const open of [this.#queue, this.#events]) open.close();
    for (const list of [this.#due.fresh, this.#due.backlog, this.#refusals, this.#works, this.#releases]) list.clear();
    this.#views.addresses.stop();
    this.#views.fleets.clearWaiting();
  }

  /** Ends everything. */
  stop(): void {
    this.setHolder(false);
  }

  // --- what it is told ---

  /** A status as it was listed or watched. */
  onStatusSeen(ref: ObjectRef, status: unknown, resourceVersion: string | undefined): void {
    const kind = STATUS_KINDS.get(ref.kind);
    if (kind === undefined) return;
    const key = objectKey(ref);
    const version = Number(resourceVersion ?? 0);
    if (this.#book.knows(key, version)) return;
    const seen = readStatus(kind.family, status, this.#options.controllerName);
    const objections = this.#options.objections?.(ref);
    // The store has not changed then, so that no run tells.
    if (objections?.isAccepted === false) this.#touch(key, ref, "fresh", true);
    if (this.#book.see(key, seen, version, !this.#isHolder)) this.#correct(key, ref);
  }

  /** A run of the compiler, once its deltas are published. */
  onRun(run: CompiledRun): void {
    this.#sequence = run.sequence;
    this.#problems = run.problems;
    for (const [className, version] of run.versions) this.#views.fleets.of(className).publish(version, run.sequence);
    if (run.changed === "all" || run.changed.some(({ kind }) => SERVING_KINDS.has(kind))) this.onServingProxiesChanged();
    if (!this.#isHolder) for (const ref of run.touched) if (this.#objectOf(ref) === undefined) this.#book.drop(objectKey(ref));
    if (run.changed === "all") this.#touchAll();
    else this.#inBackground(this.#touchEach(run.touched, "fresh", true));
    for (const className of run.versions.keys()) this.#settle(className);
  }

  /** A proxy has said which version it runs. */
  onAnswer(answer: ProxyAnswer): void {
    const fleet = this.#views.fleets.of(answer.class);
    const { connected } = fleet;
    this.#refusals.note(answer.class, fleet.answer(answer));
    if (fleet.connected !== connected) this.#touchClass(answer.class);
    this.#settle(answer.class);
  }

  /** A proxy's stream has ended. */
  onGone(proxyId: string, className: string): void {
    this.#refusals.note(className, this.#views.fleets.of(className).gone(proxyId));
    this.#touchClass(className);
    this.#settle(className);
  }

  /** Which proxies serve may be different now. Runs that change a Service, a slice or a class say so by themselves. */
  onServingProxiesChanged(): void {
    for (const className of this.#views.refresh()) this.#settle(className);
  }

  // --- what is to be said ---

  #touchAll(): void {
    const roots = [...this.#options.compiler.roots()].map(({ ref }) => ref);
    const refs = [...roots, ...this.#problems.map(({ object }) => object)];
    this.#inBackground(this.#touchEach(refs, "backlog", true));
  }

  /** A defect here must not end what publishes. */
  #inBackground(steps: Generator<void, void>): void {
    inSteps(steps).catch((error: unknown) => this.#options.onTrouble?.("statuses could not be looked over", error));
  }

  *#touchEach(refs: Iterable<ObjectRef>, lane: Lane, isChange: boolean): Generator<void, void> {
    const touched = new Set<string>();
    for (const ref of refs) {
      const key = objectKey(ref);
      if (touched.has(key)) continue;
      touched.add(key);
      // What waits anyway says what holds when its turn comes.
      if (isChange || !this.#works.has(key)) this.#touch(key, ref, lane, isChange);
      yield;
    }
  }

  /** Looks at an object anew, as the last run left it. One that has changed since is left to the next run. */
  #touch(key: string, ref: ObjectRef, lane: Lane, isChange: boolean): void {
    if (!this.#isHolder || this.#sequence === 0) return;
    const object = this.#objectOf(ref);
    if (object === undefined) {
      this.#forget(key);
      return;
    }
    const { compiler, store } = this.#options;
    const root = compiler.root(ref);
    if (store.isPending(ref) || (root !== undefined && root.generation !== object.generation)) return;
    const work = statusWork({
      ...{ key, object, lane, translation: root?.translation, sequence: this.#sequence },
      problems: compiler.problemsOf(ref),
      objections: this.#options.objections?.(ref),
      configuredClasses: ref.kind === "FairwayClass" ? this.#views.configuredBy(ref) : [],
    });
    if (work === null) {
      this.#letGo(key, object);
      return;
    }
    if (isChange) {
      if (work.family !== "events") this.#book.noteChange(this.#book.of(key), object.createdAtMs);
      this.#queue.retryNow(key);
    }
    this.#releases.delete(key);
    this.#works.set(key, work);
    this.#submit(work);
  }

  /** Writes when the proxies run it, or when they have had their time. */
  #submit(work: StatusWork): void {
    const { key, lane, classNames, sequence } = work;
    if (work.family === "events") {
      if (work.problems.length === 0) this.#works.delete(key);
      else this.#due.fresh.add(key);
    } else if (isCovered(work, this.#viewsOf(work))) {
      this.#due[lane].remove(key);
      this.#queue.add(key, lane);
    } else {
      for (const className of classNames) this.#views.fleets.wait(className, key, sequence);
      this.#due[lane].add(key);
    }
  }

  #settle(className: string): void {
    for (const key of this.#views.fleets.takeCovered(className)) {
      const work = this.#works.get(key);
      if (work !== undefined) this.#submit(work);
    }
  }

  #fallDue(key: string): void {
    const work = this.#works.get(key);
    if (work === undefined) return;
    if (work.family === "events") {
      this.#events.tell(work.ref, work.generation, this.#options.compiler.problemsOf(work.ref));
      this.#works.delete(key);
      return;
    }
    work.isLate = true;
    this.#queue.add(key, work.lane);
  }

  #forget(key: string): void {
    for (const held of [this.#works, this.#releases]) held.delete(key);
    for (const list of [this.#due.fresh, this.#due.backlog, this.#queue]) list.remove(key);
    this.#book.drop(key);
  }

  /** An object that is of none of our classes: what we wrote about it goes, and nothing else. */
  #letGo(key: string, { ref, generation }: StoredObject): void {
    this.#works.delete(key);
    this.#events.tell(ref, generation, this.#options.compiler.problemsOf(ref));
    const record = this.#book.get(key);
    if (record === undefined || !this.#isOurs(ref, record)) return;
    this.#releases.set(key, ref);
    this.#queue.add(key, "fresh");
  }

  #isOurs(ref: ObjectRef, record: StatusRecord): boolean {
    if (record.hasWritten || record.seen.isOurs) return true;
    if (ref.kind !== "Ingress" || record.seen.fingerprint === "") return false;
    return [...this.#views.addresses.all()].some((addresses) => addressesFingerprint(addresses) === record.seen.fingerprint);
  }

  /** Somebody else wrote what is ours to write: that is put right, but not for ever. */
  #correct(key: string, ref: ObjectRef): void {
    const record = this.#book.of(key);
    if (!this.#isHolder || record.corrections >= CORRECTIONS_MAX || this.#works.has(key)) return;
    record.corrections += 1;
    record.writes = 0;
    this.#touch(key, ref, "fresh", false);
  }

  #touchClass(className: string): void {
    const origin = this.#views.originOf(className);
    if (origin !== null) this.#inBackground(this.#touchEach([origin], "fresh", false));
  }

  *#ingressesOf(className: string): Generator<ObjectRef> {
    const { store, compiler } = this.#options;
    for (const { ref } of [...store.list("Ingress")]) {
      if (compiler.root(ref)?.translation.className === className) yield ref;
    }
  }

  #touchRefused(className: string, objects: readonly ObjectRef[]): void {
    const own = this.#views.originOf(className);
    this.#inBackground(this.#touchEach(own === null ? objects : [...objects, own], "fresh", false));
  }

  // --- writing ---

  /** Does what is to be done about an object; whether that took a request. */
  async #write(key: string, signal: AbortSignal): Promise<boolean> {
    const released = this.#releases.get(key);
    if (released !== undefined) return this.#release(key, released, signal);
    const work = this.#works.get(key);
    if (work === undefined || work.family === "events") return false;
    const { controllerName, clock } = this.#options;
    const record = this.#book.of(key);
    const classes = this.#viewsOf(work);
    const isSettled = isCovered(work, classes);
    if (!isSettled && !work.isLate) return false;
    const context = { controllerName, nowMs: clock.now(), classes, allFleets: this.#views.fleets.all() };
    const status = desiredStatus(work, record, context);
    if (work.family === "ingress") this.#events.tell(work.ref, work.generation, work.problems);
    const wanted = status === null ? record.seen : readStatus(work.family, status, controllerName);
    if (wanted.fingerprint === record.seen.fingerprint) {
      this.#finish(work, isSettled);
      return false;
    }
    const waitMs = this.#book.waitMs(record);
    if (waitMs > 0) {
      clock.after(waitMs, () => this.#queue.add(key, "backlog"));
      return false;
    }
    const version = await this.#apply(key, work.ref, record, status, signal);
    if (version === null) return true;
    const isOther = this.#book.noteWritten(key, record, wanted, version);
    this.#finish(work, isSettled);
    if (work.family !== "ingress") this.#events.tell(work.ref, work.generation, work.problems);
    if (isOther) this.#correct(key, work.ref);
    return true;
  }

  async #release(key: string, ref: ObjectRef, signal: AbortSignal): Promise<boolean> {
    const record = this.#book.of(key);
    const version = await this.#apply(key, ref, record, null, signal);
    this.#releases.delete(key);
    if (version === null) return true;
    this.#book.noteWritten(key, record, NOTHING_SEEN, version);
    record.hasWritten = false;
    record.programmedGeneration = -1;
    return true;
  }

  async #apply(key: string, ref: ObjectRef, record: StatusRecord, status: object | null, signal: AbortSignal) {
    record.isUnderWay = true;
    try {
      const version = await this.#writer.apply(ref, status, signal);
      if (version === null) this.#forget(key);
      else this.#options.onWritten?.(ref);
      return version;
    } finally {
      record.isUnderWay = false;
    }
  }

  /** Work that is done is forgotten, unless something newer has taken its place. */
  #finish(work: StatusWork, isSettled: boolean): void {
    if (isSettled && this.#works.get(work.key) === work) this.#works.delete(work.key);
  }

  #objectOf({ kind, namespace, name }: ObjectRef): StoredObject | undefined {
    return STATUS_KINDS.has(kind) || EVENT_KINDS.has(kind) ? this.#options.store.get(kind, namespace, name) : undefined;
  }

  #viewsOf({ classNames }: StatusWork) {
    return classNames.map((className) => this.#views.of(className));
  }
}

/** Kinds whose change may make other proxies serve, or other addresses be published. */
const SERVING_KINDS: ReadonlySet<string> = new Set(["Service", "EndpointSlice", "IngressClass", "FairwayClass"]);
