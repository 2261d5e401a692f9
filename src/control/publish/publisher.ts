import type { SnapshotSource } from "../../channel/snapshot-source.ts";
import type { Delta, Snapshot } from "../../model/snapshot.ts";
import type { GraphChange } from "../graph/compile-result.ts";

/** Keeps the newest snapshot of every class and tells its subscribers what changed. */
export class Publisher implements SnapshotSource {
  /** Publishes what a run changed; the deltas that went out (none where the bytes are the same as before). */
  publish(changes: ReadonlyMap<string, GraphChange>): readonly Delta[] {
    throw new Error(`the publisher is being built: ${changes.size}`);
  }

  current(className: string): Snapshot | null {
    throw new Error(`the publisher is being built: ${className}`);
  }

  subscribe(className: string, listener: (delta: Delta) => void): () => void {
    throw new Error(`the publisher is being built: ${className} ${listener.name}`);
  }
}
