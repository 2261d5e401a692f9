import type { Delta, Snapshot } from "../model/snapshot.ts";

/** Where the channel's server gets what it serves: the publisher. */
export interface SnapshotSource {
  /**
   * The newest snapshot of a class, or null when nothing has been compiled for it yet. Its resources may be a live view: they are to
   * be read before the event loop goes on.
   */
  current(className: string): Snapshot | null;
  /** Calls `listener` with each new delta of a class, in order; the returned function ends that. */
  subscribe(className: string, listener: (delta: Delta) => void): () => void;
}
