import type { Clock } from "../../../kernel/clock.ts";
import { ApiError, type KubernetesApi } from "../../api/api.ts";
import { apiVersionOf, type WatchedKind } from "./kinds.ts";

/** How long an answer is good for all who ask. */
const ANSWER_LIFE_MS = 2_000;

/**
 * Whether the API server serves a kind: in which version; or certainly not; or it cannot be said now.
 *
 * A 404 of a collection alone says little: a server that has just started, or an aggregated one that is away, gives it too.
 */
export type Serving = { readonly version: string } | "absent" | "unknown";

interface ResourceList {
  readonly resources?: readonly { readonly name: string }[];
}

interface GroupList {
  readonly groups?: readonly { readonly name: string; readonly versions: readonly { readonly version: string }[] }[];
}

/** Asks the API server what it serves; those who ask at the same time share an answer. */
export class Discovery {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly atMs: number; readonly answer: Promise<unknown> }>();

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Never rejects: an error is `unknown`. */
  async serving({ group, versions, plural }: Pick<WatchedKind, "group" | "versions" | "plural">): Promise<Serving> {
    try {
      const missing: string[] = [];
      for (const version of versions) {
        const found = await this.#ask<ResourceList>(`${group === "" ? "/api" : "/apis"}/${apiVersionOf({ group }, version)}`);
        if (found === null) missing.push(version);
        else if (found.resources === undefined) return "unknown";
        else if (found.resources.some(({ name }) => name === plural)) return { version };
      }
      // The core group is always there.
      if (group === "") return "unknown";
      return missing.length === 0 || !(await this.#isListed(group, missing)) ? "absent" : "unknown";
    } catch {
      return "unknown";
    }
  }

  /** Whether the list of groups has versions that could not be found. Throws when there is no such list. */
  async #isListed(group: string, versions: readonly string[]): Promise<boolean> {
    const list = await this.#ask<GroupList>("/apis");
    if (list?.groups === undefined) throw new Error("the API server tells no groups");
    const listed = list.groups.find(({ name }) => name === group)?.versions ?? [];
    return listed.some(({ version }) => versions.includes(version));
  }

  /** Null for a 404. */
  #ask<T>(path: string): Promise<T | null> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#answers.get(path);
    if (known !== undefined && nowMs - known.atMs < ANSWER_LIFE_MS) return known.answer as Promise<T | null>;
    const answer = this.#api.request<T>({ method: "GET", path }).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    });
    this.#answers.set(path, { atMs: nowMs, answer });
    return answer;
  }
}
