import { type Clock, systemClock } from "../../../kernel/clock.ts";
import { type ObjectRef, objectKey } from "../../../model/object-ref.ts";
import type { KubernetesApi } from "../../api/api.ts";
import type { Want } from "../../store/want.ts";
import type { Intake } from "../../validate/intake.ts";
import { Discovery } from "./discovery.ts";
import { WATCHED_KINDS, type WatchedKind } from "./kinds.ts";
import { METADATA_LIST_TYPE, METADATA_TYPE, MetadataSink } from "./metadata-sink.ts";
import { Reflector, type ReflectorOptions, type ReflectorState } from "./reflector.ts";
import { type StatusListener, StoredSink } from "./stored-sink.ts";
import { trimmed } from "./trim.ts";
import { WantedObjects } from "./wanted-objects.ts";

/** How one collection is doing. */
export interface CollectionState {
  readonly kind: string;
  /** Null: all namespaces, or a kind that has none. */
  readonly namespace: string | null;
  readonly state: ReflectorState;
}

export interface KubernetesSourceOptions {
  readonly api: KubernetesApi;
  readonly intake: Intake;
  /** Watch these namespaces only; empty: all. Kinds without namespaces are watched either way. */
  readonly namespaces?: readonly string[];
  /** Called for every object that carries a status, whenever it is seen. */
  readonly onStatusSeen?: StatusListener;
  /** Called when a collection begins to fail, is absent, or is followed (again). */
  readonly onState?: (collection: CollectionState) => void;
  /** Called with each list and each watch that is begun. */
  readonly onAsked?: (kind: string, what: "list" | "watch") => void;
  /** Called when an object that somebody refers to cannot be fetched. `status` is the API server's, null when there was no answer. */
  readonly onFetchFailed?: (ref: ObjectRef, status: number | null, reason: string) => void;
  readonly kinds?: readonly WatchedKind[];
  readonly clock?: Clock;
  readonly random?: () => number;
}

interface Collection {
  readonly kind: WatchedKind;
  readonly namespace: string | null;
  readonly reflector: Pick<Reflector<unknown>, "start" | "stop" | "relist" | "state" | "heardMs">;
}

/**
 * Keeps the intake in step with a cluster: a reflector for each kind, and in namespaced mode for each namespace.
 *
 * Secrets and ConfigMaps come into the store only when `want` says that somebody refers to them.
 */
export class KubernetesSource {
  readonly #options: KubernetesSourceOptions;
  readonly #clock: Clock;
  readonly #wanted: WantedObjects;
  readonly #kinds: readonly WatchedKind[];
  readonly #collections: readonly Collection[];
  readonly #uids = new Map<string, string>();

  constructor(options: KubernetesSourceOptions) {
    const { api, intake, namespaces = [], kinds = WATCHED_KINDS } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#kinds = kinds;
    this.#wanted = new WantedObjects({
      api,
      clock: this.#clock,
      sink: {
        take: (ref, object) => intake.put(intake.accept(ref, trimmed(object, "v1", ref.kind))),
        drop: (ref) => intake.remove(ref),
      },
      onFailed: (ref, status, reason) => options.onFetchFailed?.(ref, status, reason),
    });
    const discovery = new Discovery(api, this.#clock);
    this.#collections = kinds.flatMap((kind) => {
      const places = kind.isNamespaced && namespaces.length > 0 ? [...new Set(namespaces)] : [null];
      return places.map((namespace) => this.#collection(kind, namespace, discovery));
    });
  }

  /** Begins; resolves when every kind has been listed once (or is known not to exist), however long that takes. */
  async start(): Promise<void> {
    await Promise.all(this.#collections.map(({ reflector }) => reflector.start()));
  }

  /** Lists everything anew, as it is now: what a new leader does before it publishes. Resolves when the store has it. */
  async relist(): Promise<void> {
    await Promise.all(this.#collections.map(({ reflector }) => reflector.relist()));
    await this.#wanted.pending("current");
  }

  /** Ends all watching; what the store has stays there. Who waits for `start` or `relist` waits no longer. */
  async stop(): Promise<void> {
    this.#wanted.stop();
    await Promise.all(this.#collections.map(({ reflector }) => reflector.stop()));
  }

  /**
   * Takes over what somebody began or ceased to refer to: it will be fetched, or dropped. Resolves when all that is wanted and exists is
   * in the store, or the server will not give it; null when nothing is to be waited for. What got no answer once is waited for only when
   * `untilFetched`.
   */
  want(wants: Iterable<Want>, untilFetched: boolean): Promise<void> | null {
    for (const { ref, isWanted } of wants) {
      const kind = this.#kinds.find((each) => each.kind === ref.kind && each.hold === "wanted");
      if (kind === undefined) continue;
      if (isWanted) this.#wanted.want(kind, ref);
      else this.#wanted.release(ref);
    }
    return this.#wanted.pending(untilFetched ? "fetched" : "answered");
  }

  /** The uid of an object that is there, for Events and owner references. */
  uidOf(ref: ObjectRef): string | undefined {
    return this.#uids.get(objectKey(ref));
  }

  /** How every collection is doing. */
  states(): readonly CollectionState[] {
    return this.#collections.map(({ kind, namespace, reflector }) => ({ kind: kind.kind, namespace, state: reflector.state }));
  }

  /** How long the API server has told nothing of each kind that there is, bookmarks included, in seconds; of several namespaces the longest. */
  silence(): ReadonlyMap<string, number> {
    const nowMs = this.#clock.monotonicMs();
    const seconds = new Map<string, number>();
    for (const { kind, reflector } of this.#collections) {
      if (reflector.heardMs === null || reflector.state.is === "absent") continue;
      seconds.set(kind.kind, Math.max(seconds.get(kind.kind) ?? 0, (nowMs - reflector.heardMs) / 1_000));
    }
    return seconds;
  }

  #collection(kind: WatchedKind, namespace: string | null, discovery: Discovery): Collection {
    const { api, intake, random, onState, onAsked, onStatusSeen } = this.#options;
    const common = {
      api,
      discovery,
      kind,
      namespace,
      clock: this.#clock,
      ...(random === undefined ? {} : { random }),
      onState: (state: ReflectorState) => onState?.({ kind: kind.kind, namespace, state }),
      onAsked: (what: "list" | "watch") => onAsked?.(kind.kind, what),
    } satisfies Omit<ReflectorOptions<never>, "sink">;
    if (kind.hold === "wanted") {
      const accept = { list: METADATA_LIST_TYPE, watch: METADATA_TYPE };
      return { kind, namespace, reflector: new Reflector({ ...common, accept, sink: new MetadataSink(kind, this.#wanted) }) };
    }
    const sink = new StoredSink(kind, intake, this.#uids, (...seen) => onStatusSeen?.(...seen));
    return { kind, namespace, reflector: new Reflector({ ...common, sink }) };
  }
}
