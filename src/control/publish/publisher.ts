import type { SnapshotSource } from "../../channel/snapshot-source.ts";
import type { ResourceId } from "../../model/ids.ts";
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

  /** The newest snapshot of every class, as `current` gives it. */
  snapshots(): readonly Snapshot[] {
    return [...this.#snapshotters.values()].flatMap((snapshotter) => snapshotter.current() ?? []);
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
    const deltas = [...changes].flatMap(([className, change]) => {
      const upserts = encoded.get(className) ?? [];
      const removals = change.isWhole === true ? this.#othersThan(upserts, className) : change.removals;
      return this.#snapshotter(className).apply(upserts, removals) ?? [];
    });
    this.#emit(deltas);
    return deltas;
  }

  /** What is published of a class beside these. */
  #othersThan(upserts: readonly EncodedResource[], className: string): readonly ResourceId[] {
    const ids = new Set(upserts.map((resource) => resource.id));
    return [...(this.current(className)?.resources.keys() ?? [])].filter((id) => !ids.has(id)).sort();
  }

  #snapshotter(className: string): Snapshotter {
    let snapshotter = this.#snapshotters.get(className);
    if (snapshotter === undefined) {
      snapshotter = new Snapshotter(className);
      this.#snapshotters.set(className, snapshotter);
    }
    return snapshotter;
  }

  /** A listener that throws keeps no other one from its deltas; the first such error is thrown at the end. */
  #emit(deltas: readonly Delta[]): void {
    const errors: unknown[] = [];
    for (const delta of deltas) {
      for (const listener of this.#listeners.get(delta.class) ?? []) {
        try {
          listener(delta);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
