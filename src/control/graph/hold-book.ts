import type { ResourceId } from "../../model/ids.ts";
import { HOLD_MS, type Hold, type Holds } from "./holds.ts";

/** The holds in force and when each ends. A rule that is still broken then is a tombstone from there on. */
export class HoldBook {
  readonly #holds = new Map<ResourceId<"router">, Hold>();
  readonly #endsMs = new Map<ResourceId<"router">, number>();

  /** The holds in force: a copy, so that a build's input stays what it was. */
  current(): Holds {
    return new Map(this.#holds);
  }

  add(holds: readonly Hold[], nowMs: number): void {
    for (const hold of holds) {
      this.#holds.set(hold.id, hold);
      this.#endsMs.set(hold.id, nowMs + HOLD_MS);
    }
  }

  /** Ends holds whose rule works again, or is gone. */
  release(ids: readonly ResourceId<"router">[]): void {
    for (const id of ids) {
      this.#holds.delete(id);
      this.#endsMs.delete(id);
    }
  }

  /** Ends the holds whose time is over. */
  expire(nowMs: number): void {
    this.release([...this.#endsMs].filter(([, endMs]) => endMs <= nowMs).map(([id]) => id));
  }

  /** When the next hold ends; null when there is none. */
  nextEndMs(): number | null {
    return this.#endsMs.size === 0 ? null : Math.min(...this.#endsMs.values());
  }
}
