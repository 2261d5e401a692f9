import type { ResourceId } from "../model/ids.ts";

/** Most published versions that wait to become live; older ones count with the next. */
const PENDING_MAX = 10_000;

/** What was published and is not live yet. */
export interface PublishedChange {
  readonly version: string;
  /** When the first change in it was seen, on the monotonic clock. */
  readonly sinceMs: number;
  readonly objects: number;
  readonly routers: readonly ResourceId<"router">[];
}

/** Joins what the control half published with what the proxy half made live: a slow proxy takes several versions in one step. */
export class ChangeTimes {
  #pending: PublishedChange[] = [];

  published(change: PublishedChange): void {
    this.#pending.push(change);
    if (this.#pending.length > PENDING_MAX) this.#pending.shift();
  }

  /** All that became live with a version, as one change; null when the version was not published here. */
  live(version: string): PublishedChange | null {
    const last = this.#pending.findLastIndex((change) => change.version === version);
    if (last < 0) return null;
    const taken = this.#pending.slice(0, last + 1);
    this.#pending = this.#pending.slice(last + 1);
    return {
      version,
      sinceMs: Math.min(...taken.map(({ sinceMs }) => sinceMs)),
      objects: taken.reduce((sum, { objects }) => sum + objects, 0),
      routers: [...new Set(taken.flatMap(({ routers }) => routers))],
    };
  }
}
