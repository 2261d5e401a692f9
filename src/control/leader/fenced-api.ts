import {
  type ApiObject,
  type ApiRequest,
  ApiUnreachable,
  type KubernetesApi,
  type WatchEvent,
  type WatchOptions,
} from "../api/api.ts";
import type { HeldTerm } from "./held-term.ts";

/**
 * The API server for those who may write only while this replica holds the Lease: a request outside of a term is not sent, and one that
 * is under way when the term ends is broken off. Both reject with ApiUnreachable.
 */
export class FencedApi implements KubernetesApi {
  readonly #api: KubernetesApi;
  readonly #term: () => HeldTerm | null;

  /** `term`: the one that is current, null when none is. */
  constructor(api: KubernetesApi, term: () => HeldTerm | null) {
    this.#api = api;
    this.#term = term;
  }

  async request<T = ApiObject>(request: ApiRequest): Promise<T> {
    return this.#api.request<T>({ ...request, signal: this.#signal(request.signal) });
  }

  watch(path: string, options: WatchOptions): AsyncIterable<WatchEvent> {
    return this.#api.watch(path, { ...options, signal: this.#signal(options.signal) });
  }

  #signal(own: AbortSignal | undefined): AbortSignal {
    const term = this.#term();
    if (term === null) throw new ApiUnreachable("this replica does not hold the Lease");
    return own === undefined ? term.signal : AbortSignal.any([own, term.signal]);
  }
}
