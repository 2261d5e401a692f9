import { Backoff } from "../../../kernel/backoff.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { type ObjectRef, objectKey } from "../../../model/object-ref.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../../api/api.ts";
import { collectionPath, type WatchedKind } from "./kinds.ts";

/** Fetches under way at a time. */
const FETCHES_MAX = 16;

/** A fetch that failed is tried again after about this, and after twice as long each time, up to the second. */
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;

/** How long an object that nobody refers to any more is kept: whoever compiles may let go of it and take it up again in one run. */
const RELEASE_MS = 5_000;

/** Where the objects that were fetched go. */
export interface WantedSink {
  take(ref: ObjectRef, object: ApiObject): void;
  drop(ref: ObjectRef): void;
}

export interface WantedOptions {
  readonly api: KubernetesApi;
  readonly sink: WantedSink;
  readonly clock: Clock;
  /** Called when an object that is referred to cannot be fetched. `status` is the API server's, null when there was no answer. */
  readonly onFailed: (ref: ObjectRef, status: number | null, reason: string) => void;
}

/** An object that exists, is wanted, or both. */
interface Entry {
  readonly ref: ObjectRef;
  readonly kind: WatchedKind;
  isWanted: boolean;
  /** The newest version a watch told of; null when there is no such object. */
  seen: string | null;
  /** The version the sink has; null when it has none. */
  fetched: string | null;
  isFetching: boolean;
  /** Since it was wanted: whether the server would not give it, and whether some fetch got no answer. */
  isRefused: boolean;
  hasFailed: boolean;
  readonly backoff: Backoff;
  cancelTimer: () => void;
}

/**
 * What to wait for, of each object that is wanted and exists: an answer of any kind, or a failure; the object, in whatever version; or
 * its newest version. The server's refusal is always enough.
 */
export type WantedUntil = "answered" | "fetched" | "current";

interface Waiting {
  readonly until: WantedUntil;
  readonly resolve: () => void;
}

/**
 * Secrets and ConfigMaps: all are watched as metadata, and those that somebody refers to are fetched, kept up to date, and dropped
 * some time after the last reference went.
 */
export class WantedObjects {
  readonly #options: WantedOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopped = new AbortController();
  #queue: Entry[] = [];
  #fetching = 0;
  #waiting: Waiting[] = [];

  constructor(options: WantedOptions) {
    this.#options = options;
  }

  /** Somebody refers to an object, whether it exists or not. */
  want(kind: WatchedKind, ref: ObjectRef): void {
    const entry = this.#entry(kind, ref);
    if (entry.isWanted) return;
    entry.isWanted = true;
    entry.isRefused = false;
    entry.hasFailed = false;
    entry.cancelTimer();
    this.#look(entry);
  }

  /** Nobody refers to it any more. */
  release(ref: ObjectRef): void {
    const entry = this.#entries.get(objectKey(ref));
    if (entry === undefined || !entry.isWanted) return;
    entry.isWanted = false;
    entry.cancelTimer();
    entry.cancelTimer = this.#options.clock.after(RELEASE_MS, () => this.#drop(entry));
    this.#tellWaiting();
  }

  /** A watch told of an object, or of a change of it. */
  seen(kind: WatchedKind, ref: ObjectRef, resourceVersion: string): void {
    const entry = this.#entry(kind, ref);
    entry.seen = resourceVersion;
    this.#look(entry);
  }

  /** A watch told that it is gone. */
  gone(ref: ObjectRef): void {
    const entry = this.#entries.get(objectKey(ref));
    if (entry === undefined) return;
    entry.seen = null;
    this.#drop(entry);
    this.#tellWaiting();
  }

  /** Resolves when there is nothing to wait for any more; null when there is nothing now. */
  pending(until: WantedUntil): Promise<void> | null {
    if (!this.#isPending(until)) return null;
    return new Promise((resolve) => {
      this.#waiting.push({ until, resolve });
    });
  }

  stop(): void {
    this.#stopped.abort();
    for (const entry of this.#entries.values()) entry.cancelTimer();
    this.#queue = [];
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #entry(kind: WatchedKind, ref: ObjectRef): Entry {
    const key = objectKey(ref);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = {
        ref,
        kind,
        isWanted: false,
        seen: null,
        fetched: null,
        isFetching: false,
        isRefused: false,
        hasFailed: false,
        backoff: new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS),
        cancelTimer: () => {},
      };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Fetches an object that is wanted and not held as it is now. */
  #look(entry: Entry): void {
    const isMissing = entry.isWanted && entry.seen !== null && entry.fetched !== entry.seen;
    if (!isMissing || entry.isFetching || this.#stopped.signal.aborted) return;
    entry.cancelTimer();
    entry.isFetching = true;
    this.#queue.push(entry);
    this.#fetchNext();
  }

  #fetchNext(): void {
    while (this.#fetching < FETCHES_MAX) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      this.#fetching += 1;
      void this.#fetch(entry).finally(() => {
        this.#fetching -= 1;
        this.#fetchNext();
        this.#tellWaiting();
      });
    }
  }

  async #fetch(entry: Entry): Promise<void> {
    const { api, sink } = this.#options;
    const { kind, ref, seen } = entry;
    const path = `${collectionPath(kind, kind.versions[0], ref.namespace)}/${encodeURIComponent(ref.name)}`;
    try {
      const object = await api.request({ method: "GET", path, signal: this.#stopped.signal });
      entry.isFetching = false;
      // It may have been deleted, or let go of, meanwhile.
      if (entry.seen === null || !entry.isWanted) return;
      entry.backoff.reset();
      entry.fetched = object.metadata.resourceVersion ?? seen;
      // What the watch has not told of yet is newer than what it has.
      if (entry.seen === seen) entry.seen = entry.fetched;
      sink.take(ref, object);
      this.#look(entry);
    } catch (error) {
      entry.isFetching = false;
      this.#noteFailure(entry, error);
    }
  }

  #noteFailure(entry: Entry, error: unknown): void {
    if (this.#stopped.signal.aborted || !entry.isWanted || entry.seen === null) return;
    const status = error instanceof ApiError ? error.status : null;
    if (status === 403 || status === 404) entry.isRefused = true;
    else entry.hasFailed = true;
    // Of one that was deleted the watch tells in a moment.
    if (status !== 404) this.#options.onFailed(entry.ref, status, error instanceof Error ? error.message : String(error));
    entry.cancelTimer = this.#options.clock.after(entry.backoff.next(), () => this.#look(entry));
  }

  #drop(entry: Entry): void {
    if (entry.fetched !== null) this.#options.sink.drop(entry.ref);
    entry.fetched = null;
    if (entry.seen === null && !entry.isWanted) this.#entries.delete(objectKey(entry.ref));
  }

  #isPending(until: WantedUntil): boolean {
    for (const entry of this.#entries.values()) {
      if (!entry.isWanted || entry.seen === null || entry.isRefused) continue;
      if (until === "current" ? entry.fetched === entry.seen : entry.fetched !== null) continue;
      if (until !== "answered" || !entry.hasFailed) return true;
    }
    return false;
  }

  #tellWaiting(): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ until }) => !this.#isPending(until));
    this.#waiting = this.#waiting.filter((each) => !due.includes(each));
    for (const { resolve } of due) resolve();
  }
}
