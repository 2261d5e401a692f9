import type { SnapshotSource } from "../../channel/snapshot-source.ts";
import type { EncodedResource } from "../../model/resource.ts";
import type { Delta, Snapshot } from "../../model/snapshot.ts";
import type { GraphChange } from "../graph/compile-result.ts";
import { allSteps, inSteps } from "../graph/steps.ts";
import { encodeSteps, Snapshotter } from "./snapshotter.ts";

type Listener = (delta: Delta) => void;

/** Keeps the newest snapshot of every class and tells its subscribers what changed. */
export class Publisher implements SnapshotSource {
  readonly #snapshotters = new Map<string, Snapshotter>();
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Publishes what a run changed; the deltas that went out (none where the bytes are the same as before). */
  publish(changes: ReadonlyMap<string, GraphChange>): readonly Delta[] {
    return allSteps(this.#publish(changes));
  }

  /** As `publish`, giving the event loop back every 20 ms while it encodes. One at a time. */
  publishInSteps(changes: ReadonlyMap<string, GraphChange>): Promise<readonly Delta[]> {
    return inSteps(this.#publish(changes));
  }

  current(className: string): Snapshot | null {
    return this.#snapshotters.get(className)?.current() ?? null;
  }

  subscribe(className: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(className) ?? new Set();
    this.#listeners.set(className, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  *#publish(changes: ReadonlyMap<string, GraphChange>): Generator<void, readonly Delta[]> {
    const encoded = new Map<string, readonly EncodedResource[]>();
    for (const [className, { upserts }] of changes) encoded.set(className, yield* encodeSteps(upserts));
    // From here on without a pause: who reads a snapshot and subscribes sees every delta that follows it, and none before.
    const deltas = [...changes].flatMap(([className, { removals }]) => {
      return this.#snapshotter(className).apply(encoded.get(className) ?? [], removals) ?? [];
    });
    for (const delta of deltas) this.#emit(delta);
    return deltas;
  }

  #snapshotter(className: string): Snapshotter {
    let snapshotter = this.#snapshotters.get(className);
    if (snapshotter === undefined) {
      snapshotter = new Snapshotter(className);
      this.#snapshotters.set(className, snapshotter);
    }
    return snapshotter;
  }

  #emit(delta: Delta): void {
    for (const listener of this.#listeners.get(delta.class) ?? []) listener(delta);
  }
}
