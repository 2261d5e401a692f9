import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import { type LeaseRecord, type LeaseWish, readLease, writtenLease } from "./lease-record.ts";

/** A watch on which nothing comes for this long is opened anew. */
const WATCH_SILENCE_MS = 60_000;

/** How long a watch is asked to last. */
const WATCH_SECONDS = 300;

/** A Lease as it was read: what it says, and all of it, to be written back. */
export interface SeenLease {
  readonly record: LeaseRecord;
  readonly object: ApiObject;
}

/** One Lease on the API server. Writes take effect only if nobody else has written since what they are based on was read. */
export class LeaseStore {
  readonly #api: KubernetesApi;
  readonly #namespace: string;
  readonly #name: string;

  constructor(api: KubernetesApi, namespace: string, name: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#name = name;
  }

  /** The Lease as it is (a quorum read); null when there is none. Rejects as `KubernetesApi.request`. */
  async read(timeoutMs: number): Promise<SeenLease | null> {
    try {
      return seen(await this.#api.request({ method: "GET", path: `${this.#collection}/${this.#name}`, timeoutMs }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** Writes in place of `former`, or creates; null when someone else was quicker, or it is gone. Rejects otherwise, as a request. */
  async write(wish: LeaseWish, former: SeenLease | null, timeoutMs: number): Promise<SeenLease | null> {
    const body = writtenLease(this.#namespace, this.#name, wish, former?.object ?? null);
    const path = former === null ? this.#collection : `${this.#collection}/${this.#name}`;
    try {
      return seen(await this.#api.request({ method: former === null ? "POST" : "PUT", path, body, timeoutMs }));
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || (error.status === 404 && former !== null))) return null;
      throw error;
    }
  }

  /** Yields the Lease as it is and whenever it changes, null when it is deleted; ends when the server ends it. Rejects as a watch. */
  async *watch(signal: AbortSignal): AsyncGenerator<SeenLease | null> {
    const query = { fieldSelector: `metadata.name=${this.#name}`, timeoutSeconds: WATCH_SECONDS };
    for await (const event of this.#api.watch(this.#collection, { query, silenceMs: WATCH_SILENCE_MS, signal })) {
      if (event.type === "ERROR") return;
      if (event.type === "DELETED") yield null;
      else if (event.type !== "BOOKMARK") yield seen(event.object);
    }
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#namespace}/leases`;
  }
}

function seen(object: ApiObject): SeenLease {
  return { record: readLease(object), object };
}
