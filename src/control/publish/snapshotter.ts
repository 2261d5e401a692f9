import { encodeResource, SetHash } from "../../model/encode.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { EncodedResource, Resource } from "../../model/resource.ts";
import type { Delta, Snapshot } from "../../model/snapshot.ts";

/** The newest snapshot of one class. One change costs one encoding and one addition, however large the snapshot is. */
export class Snapshotter {
  readonly #class: string;
  readonly #resources = new Map<ResourceId, EncodedResource>();
  readonly #sum = new SetHash();
  /** Whether anything was ever taken over. */
  #begun = false;
  #snapshot: Snapshot | null = null;

  constructor(className: string) {
    this.#class = className;
  }

  /** Takes a change over; null when the bytes come out as they were. `encoded` are the upserts. */
  apply(encoded: readonly EncodedResource[], removals: readonly ResourceId[]): Delta | null {
    const from = this.#begun ? this.#sum.hex() : "";
    const upserts = encoded.filter((resource) => this.#put(resource));
    const removed = removals.filter((id) => this.#drop(id));
    if (this.#begun && upserts.length === 0 && removed.length === 0) return null;
    this.#begun = true;
    this.#snapshot = null;
    return { class: this.#class, from, to: this.#sum.hex(), upserts, removals: removed };
  }

  /**
   * What is published; null before the first change. The same object until something does change. Its resources are a live view, to
   * be read before the event loop goes on: a copy would cost more than all else a change needs (4 ms with 10,000 routers).
   */
  current(): Snapshot | null {
    if (!this.#begun) return null;
    this.#snapshot ??= { class: this.#class, version: this.#sum.hex(), resources: this.#resources };
    return this.#snapshot;
  }

  #put(resource: EncodedResource): boolean {
    const former = this.#resources.get(resource.id);
    if (former !== undefined) {
      if (Buffer.compare(former.hash, resource.hash) === 0) return false;
      this.#sum.remove(former.hash);
    }
    this.#sum.add(resource.hash);
    this.#resources.set(resource.id, resource);
    return true;
  }

  #drop(id: ResourceId): boolean {
    const former = this.#resources.get(id);
    if (former === undefined) return false;
    this.#sum.remove(former.hash);
    this.#resources.delete(id);
    return true;
  }
}

/** Encodes resources, one a step. */
export function* encodeSteps(resources: readonly Resource[]): Generator<void, readonly EncodedResource[]> {
  const encoded: EncodedResource[] = [];
  for (const resource of resources) {
    encoded.push(encodeResource(resource));
    yield;
  }
  return encoded;
}
