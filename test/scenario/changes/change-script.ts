import type { Slot, SlotState } from "./slot.ts";
import { putBackend, putMiddleware, putRoute, renameRoute } from "./slot-files.ts";

/** One change to one file of one slot. */
export interface Change {
  readonly what: string;
  readonly slot: Slot;
  readonly next: SlotState;
  /** Makes it; answers when the file was in its place (milliseconds since the epoch). */
  apply(): number;
}

export interface ScriptOptions {
  readonly folder: string;
  readonly slots: readonly Slot[];
  /** Ports of the servers a route can lead to, by name. */
  readonly ports: ReadonlyMap<string, number>;
  /** From 0 to 1, seeded. */
  readonly random: () => number;
}

/** Chooses change after change: routes added, edited, renamed and deleted, middlewares and endpoints edited, files broken and repaired. */
export class ChangeScript {
  readonly #options: ScriptOptions;
  #count = 0;

  constructor(options: ScriptOptions) {
    this.#options = options;
  }

  /** A change to some slot other than those in `busy`. */
  next(busy: ReadonlySet<Slot> = new Set()): Change {
    this.#count++;
    const slot = this.#pick(this.#options.slots.filter((one) => !busy.has(one)));
    const { state } = slot;
    if (state.broken) return this.#repair(slot);
    if (state.service === null) return this.#route("add route", slot, { ...state, service: this.#service(slot) });
    const makers = [this.#editRoute, this.#editMiddleware, this.#editEndpoints, this.#delete, this.#break, this.#rename];
    return this.#pick(makers).call(this, slot);
  }

  #editRoute(slot: Slot): Change {
    return this.#route("edit route", slot, { ...slot.state, service: this.#service(slot) });
  }

  #editMiddleware(slot: Slot): Change {
    const next = { ...slot.state, prefix: `/edit-${this.#count}` };
    return { what: "edit middleware", slot, next, apply: () => putMiddleware(this.#options.folder, slot, next) };
  }

  #editEndpoints(slot: Slot): Change {
    const { folder, ports } = this.#options;
    const next = { ...slot.state, ownServer: this.#pick([...ports.keys()].filter((name) => name !== slot.state.ownServer)) };
    return { what: "edit endpoints", slot, next, apply: () => putBackend(folder, slot, next, ports) };
  }

  #delete(slot: Slot): Change {
    return this.#route("delete route", slot, { ...slot.state, service: null });
  }

  #break(slot: Slot): Change {
    return this.#route("break file", slot, { ...slot.state, broken: true });
  }

  #repair(slot: Slot): Change {
    return this.#route("repair file", slot, { ...slot.state, broken: false, service: this.#service(slot) });
  }

  #rename(slot: Slot): Change {
    const from = slot.state;
    const next = { ...from, fileNumber: from.fileNumber + 1 };
    return { what: "rename file", slot, next, apply: () => renameRoute(this.#options.folder, slot, from, next) };
  }

  #route(what: string, slot: Slot, next: SlotState): Change {
    return { what, slot, next, apply: () => putRoute(this.#options.folder, slot, next) };
  }

  /** Some Service other than the one the route names now. */
  #service(slot: Slot): string {
    const names = [slot.ownService, ...this.#options.ports.keys()];
    return this.#pick(names.filter((name) => name !== slot.state.service));
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#options.random() * choices.length)] as T;
  }
}

/** A small seeded generator (mulberry32), so that a run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
