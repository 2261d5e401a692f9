import { Backoff } from "../../../kernel/backoff.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { TimeSlice } from "../../../kernel/time-slice.ts";
import { ApiError, type ApiObject, ApiUnreachable, ConnectionDistrusted, type KubernetesApi } from "../../api/api.ts";
import { errorOfEvent } from "../../api/api-answer.ts";
import type { Discovery } from "./discovery.ts";
import { collectionPath, type WatchedKind } from "./kinds.ts";
import { isExpired, type ListPage, listPages } from "./list-pages.ts";
import { Pause } from "./pause.ts";

/** After a failure the next try comes after about this, and after twice as long each time, up to the second. */
const RETRY_FIRST_MS = 400;
const RETRY_MOST_MS = 10_000;

/** A watch that lasted this long was healthy: the next failure begins with a short pause again. */
const HEALTHY_MS = 5_000;

/** A watch is asked for this long (seconds), plus up to as much again, so that not all begin anew at once. */
const WATCH_SECONDS = 300;

/** A server sends bookmarks every minute or two; beginning anew costs one request, and a dead connection may say nothing for ever. */
const SILENCE_MS = 90_000;

/** How often it is looked whether a kind has come that was absent: one of ours, and one of others. */
const ABSENT_OURS_POLL_MS = 3_000;
const ABSENT_POLL_MS = 15_000;

/** A kind whose objects we hold, and of whose deletion no watch told us, is believed to be gone after this long. */
const ABSENT_BELIEVED_MS = 30_000;

/** The status of a server that asks to be given time, as each does for a moment after a kind was defined; told from the third on. */
const THROTTLED = 429;
const THROTTLED_TELL = 3;

/** How long objects of a list are prepared before others on the thread have their turn. */
const SLICE_MS = 5;

/** Whom a reflector tells. `Prepared` is what checking an object gives; it must not depend on anything a commit changes. */
export interface ReflectorSink<Prepared> {
  /** `version` is the one the kind is served in, as in `v1`. */
  prepare(object: ApiObject, version: string): Prepared;
  /** Takes changes over, all at once: objects that are new or different, and the keys (`namespace/name`) of those that are gone. */
  commit(changed: readonly Prepared[], gone: readonly string[]): void;
}

/** How a reflector is doing. */
export type ReflectorState =
  | { readonly is: "starting" | "following" | "absent" }
  /** It holds what it last knew, and goes on trying. `status` is the API server's, null when there was no answer. */
  | { readonly is: "failing"; readonly status: number | null; readonly reason: string };

export interface ReflectorOptions<Prepared> {
  readonly api: KubernetesApi;
  readonly discovery: Discovery;
  readonly kind: WatchedKind;
  /** Null: all namespaces, or a kind that has none. */
  readonly namespace: string | null;
  /** Media types to ask for, of a list and of a watch. */
  readonly accept?: { readonly list: string; readonly watch: string };
  readonly sink: ReflectorSink<Prepared>;
  readonly clock: Clock;
  readonly random?: () => number;
  /** Called when the state becomes another one; a failure that stays the same is told once. */
  readonly onState: (state: ReflectorState) => void;
  /** Called with each list and each watch that is begun. */
  readonly onAsked?: (what: "list" | "watch") => void;
}

/**
 * Keeps a sink in step with one collection of the API server: lists it in pages, watches from there, and lists again when the server has
 * forgotten where we were, as one replacement. Whatever fails, the sink keeps what it has, and the reflector tries again for ever.
 */
export class Reflector<Prepared> {
  readonly #options: ReflectorOptions<Prepared>;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #stopped = new AbortController();
  readonly #pause: Pause;
  /** The version of each object the sink has, by `namespace/name`. */
  readonly #held = new Map<string, string>();
  #servedVersion: string;
  #state: ReflectorState = { is: "starting" };
  /** Where the watch goes on; null: list first. */
  #version: string | null = null;
  /** Since when discovery has said that the kind is absent while we hold objects of it, on the monotonic clock. */
  #absentSinceMs: number | null = null;
  #watch = new AbortController();
  /** Whether the watch stood for long enough that its failure is nothing to speak of. */
  #wasHealthy = false;
  /** How often the server has asked us to wait, one time after the other. */
  #throttled = 0;
  #heardMs: number | null = null;
  /** Number of lists that were asked for, and which of them are done. */
  #asked = 0;
  #done = 0;
  #waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReflectorOptions<Prepared>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS, this.#random);
    this.#servedVersion = options.kind.versions[0];
    this.#pause = new Pause(options.clock);
  }

  /** Begins; resolves when the collection has been listed once, or is known not to exist. */
  start(): Promise<void> {
    const listed = this.relist();
    this.#running = this.#run();
    return listed;
  }

  /** Lists everything anew, as it is now; resolves when the sink has it, however long that takes. */
  relist(): Promise<void> {
    this.#asked += 1;
    this.#watch.abort();
    this.#pause.end();
    return new Promise((resolve) => {
      this.#waiting.push({ until: this.#asked, resolve });
    });
  }

  /** Ends watching; what the sink has stays. Who waits for a list waits no longer. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#watch.abort();
    this.#pause.end();
    await this.#running;
    this.#settle(Number.POSITIVE_INFINITY);
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** When the API server last told of the collection, bookmarks included, on the monotonic clock; null when it never has. */
  get heardMs(): number | null {
    return this.#heardMs;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const asked = this.#asked;
      try {
        if (this.#version === null || this.#done < asked) await this.#list(asked);
        else await this.#follow(asked);
      } catch (error) {
        const isWanted = asked === this.#asked && !this.#stopped.signal.aborted;
        if (isWanted) await this.#recover(error, asked);
      }
    }
  }

  // --- listing ---

  async #list(asked: number): Promise<void> {
    if (this.#state.is === "absent" && !(await this.#hasCome(asked))) return;
    try {
      await this.#replace(asked, true);
    } catch (error) {
      if (!isExpired(error)) throw error;
      // The list went stale between two pages: one page for all of it cannot.
      await this.#replace(asked, false);
    }
  }

  async #replace(asked: number, isPaged: boolean): Promise<void> {
    const { api, accept, sink } = this.#options;
    const request = { path: this.#path, ...(accept === undefined ? {} : { accept: accept.list }), signal: this.#stopped.signal };
    const slice = new TimeSlice(SLICE_MS);
    this.#options.onAsked?.("list");
    const found = new Map<string, string>();
    const changed: Prepared[] = [];
    let last: ListPage | null = null;
    for await (const page of listPages(api, request, isPaged)) {
      last = page;
      for (const object of page.items) {
        const key = keyOf(object);
        const version = object.metadata.resourceVersion ?? "";
        found.set(key, version);
        if (this.#held.get(key) !== version) changed.push(sink.prepare(object, this.#servedVersion));
        if (slice.isOver) await slice.breathe();
      }
    }
    if (this.#stopped.signal.aborted || last === null) return;
    const gone = [...this.#held.keys()].filter((key) => !found.has(key));
    for (const key of gone) this.#held.delete(key);
    for (const [key, version] of found) this.#held.set(key, version);
    this.#version = last.version;
    this.#absentSinceMs = null;
    this.#heardMs = this.#options.clock.monotonicMs();
    if (changed.length + gone.length > 0) sink.commit(changed, gone);
    this.#tell({ is: "following" });
    this.#settle(asked);
  }

  // --- watching ---

  async #follow(asked: number): Promise<void> {
    const { api, accept, clock } = this.#options;
    this.#watch = new AbortController();
    this.#wasHealthy = false;
    this.#options.onAsked?.("watch");
    let cancel = (): void => {};
    const options = {
      query: {
        resourceVersion: this.#version as string,
        allowWatchBookmarks: true,
        timeoutSeconds: Math.round(WATCH_SECONDS * (1 + this.#random())),
      },
      silenceMs: SILENCE_MS,
      signal: AbortSignal.any([this.#watch.signal, this.#stopped.signal]),
      onOpen: () => {
        cancel = clock.after(HEALTHY_MS, () => this.#noteHealthy());
      },
    };
    try {
      for await (const { type, object } of api.watch(
        this.#path,
        accept === undefined ? options : { ...options, accept: accept.watch },
      )) {
        if (type === "ERROR") throw errorOfEvent(object);
        this.#take(type, object);
      }
    } finally {
      cancel();
    }
    // The server ends a watch after the time asked for. One that ends at once is no watch.
    if (!this.#wasHealthy) await this.#wait(this.#backoff.next(), asked);
  }

  #noteHealthy(): void {
    this.#wasHealthy = true;
    this.#backoff.reset();
    this.#tell({ is: "following" });
  }

  #take(type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK", object: ApiObject): void {
    const version = object?.metadata?.resourceVersion;
    if (version === undefined) throw new ApiUnreachable("a watch gave something that is no object");
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#tell({ is: "following" });
    if (type !== "BOOKMARK") this.#takeObject(type === "DELETED", object, version);
    // Only now: what could not be taken over comes again.
    this.#version = version;
  }

  #takeObject(isGone: boolean, object: ApiObject, version: string): void {
    const { sink } = this.#options;
    const key = keyOf(object);
    if (isGone) {
      if (this.#held.delete(key)) sink.commit([], [key]);
    } else if (this.#held.get(key) !== version) {
      sink.commit([sink.prepare(object, this.#servedVersion)], []);
      this.#held.set(key, version);
    }
  }

  // --- failing ---

  /** Decides what a failure means, and waits. */
  async #recover(error: unknown, asked: number): Promise<void> {
    if (error instanceof ApiError && error.status === 404) return await this.#notFound(error, asked);
    // No reason to wait: where answers come and fail by turns, it would hear nothing most of the time.
    if (error instanceof ConnectionDistrusted) return await this.#wait(RETRY_FIRST_MS * this.#random(), asked);
    if (isExpired(error)) {
      const isNew = this.#heardMs !== null && this.#options.clock.monotonicMs() - this.#heardMs < HEALTHY_MS;
      this.#version = null;
      // What was listed a moment ago and has expired already is waited for, lest lists follow lists.
      if (!isNew) return;
    } else if (!this.#wasHealthy || error instanceof ApiError) this.#fail(error);
    this.#wasHealthy = false;
    const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    await this.#wait(Math.max(askedMs, this.#backoff.next()), asked);
  }

  /** The collection is not there. What we hold is let go only when it is certain that the kind went away. */
  async #notFound(error: ApiError, asked: number): Promise<void> {
    const { kind, discovery, clock } = this.#options;
    const serving = await discovery.serving(kind);
    this.#version = null;
    if (serving !== "absent") {
      this.#absentSinceMs = null;
      const isElsewhere = serving !== "unknown" && serving.version !== this.#servedVersion;
      if (serving !== "unknown") this.#servedVersion = serving.version;
      if (isElsewhere) return;
      this.#fail(error);
      return await this.#wait(this.#backoff.next(), asked);
    }
    this.#absentSinceMs ??= clock.monotonicMs();
    const isBelieved = this.#held.size === 0 || clock.monotonicMs() - this.#absentSinceMs >= ABSENT_BELIEVED_MS;
    if (isBelieved) this.#takeAbsence(asked);
    else this.#fail(error);
    await this.#awaitKind(asked);
  }

  #takeAbsence(asked: number): void {
    const gone = [...this.#held.keys()];
    this.#held.clear();
    this.#backoff.reset();
    if (gone.length > 0) this.#options.sink.commit([], gone);
    this.#tell({ is: "absent" });
    this.#settle(asked);
  }

  /** Looks whether a kind that was absent is there; waits when it is not. */
  async #hasCome(asked: number): Promise<boolean> {
    const serving = await this.#options.discovery.serving(this.#options.kind);
    if (typeof serving === "object") {
      this.#servedVersion = serving.version;
      return true;
    }
    if (serving === "absent") this.#settle(asked);
    await this.#awaitKind(asked);
    return false;
  }

  async #awaitKind(asked: number): Promise<void> {
    const pollMs = this.#options.kind.isOurs ? ABSENT_OURS_POLL_MS : ABSENT_POLL_MS;
    await this.#wait(pollMs * (1 + this.#random() / 4), asked);
  }

  /** Waits, unless a list was asked for meanwhile, or the end. */
  async #wait(ms: number, asked: number): Promise<void> {
    if (asked === this.#asked && !this.#stopped.signal.aborted) await this.#pause.wait(ms);
  }

  #fail(error: unknown): void {
    const status = error instanceof ApiError ? error.status : null;
    this.#throttled = status === THROTTLED ? this.#throttled + 1 : 0;
    if (status === THROTTLED && this.#throttled < THROTTLED_TELL) return;
    this.#tell({ is: "failing", status, reason: error instanceof Error ? error.message : String(error) });
  }

  #tell(state: ReflectorState): void {
    const former = this.#state;
    this.#state = state;
    const isSame = former.is === state.is && (state.is !== "failing" || (former as typeof state).status === state.status);
    if (!isSame) this.#options.onState(state);
  }

  #settle(asked: number): void {
    this.#done = Math.max(this.#done, asked);
    const due = this.#waiting.filter(({ until }) => until <= asked);
    this.#waiting = this.#waiting.filter(({ until }) => until > asked);
    for (const { resolve } of due) resolve();
  }

  get #path(): string {
    return collectionPath(this.#options.kind, this.#servedVersion, this.#options.namespace);
  }
}

/** `namespace/name`, with an empty namespace for kinds that have none. */
function keyOf({ metadata: { namespace = "", name } }: ApiObject): string {
  return `${namespace}/${name}`;
}
