import type { Clock } from "../../../kernel/clock.ts";

/** Events about one path within this time are one change: a save is several. */
const COALESCE_MS = 5;
/** A path that never comes to rest is looked at after this time all the same. */
const COALESCE_MOST_MS = 100;

interface Due {
  readonly firstMs: number;
  readonly atMs: number;
}

/** Paths that changed and have not been looked at, each due once it has been quiet for a moment. */
export class PendingPaths {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #due = new Map<string, Due>();
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #stopped = false;

  /** `onDue` is called when paths are due; it is called again only after `schedule`. */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** A path changed; it is due after `delayMs` without another word about it. */
  add(path: string, delayMs = COALESCE_MS): void {
    const now = this.#clock.monotonicMs();
    const firstMs = this.#due.get(path)?.firstMs ?? now;
    const atMs = Math.min(now + delayMs, firstMs + Math.max(COALESCE_MOST_MS, delayMs));
    this.#due.set(path, { firstMs, atMs });
    if (atMs < this.#wakeAtMs) this.#wakeAt(atMs);
  }

  /** The paths that are due, no longer pending. */
  takeDue(): readonly string[] {
    const now = this.#clock.monotonicMs();
    // A path that is due takes along those that nearly are: what belongs together (the two ends of a rename) is seen together.
    const paths = [...this.#due].filter(([, { atMs }]) => atMs <= now + 1).map(([path]) => path);
    for (const path of paths) this.#due.delete(path);
    return paths;
  }

  /** Sees to it that `onDue` is called when the next path is due. */
  schedule(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#due.values()) next = Math.min(next, atMs);
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #wakeAt(atMs: number): void {
    if (this.#stopped) return;
    this.#wakeAtMs = atMs;
    this.#cancel();
    this.#cancel = this.#clock.after(Math.max(0, Math.ceil(atMs - this.#clock.monotonicMs())), this.#onDue);
  }
}
