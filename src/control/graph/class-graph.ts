import { assert } from "../../kernel/assert.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { GraphChange } from "./compile-result.ts";
import { referencesOf } from "./resource-references.ts";

/**
 * The resources of one class: what roots hold, and what these lead to, counted, so that nothing stays that nobody uses.
 *
 * `find` gives the newest form of a resource; the graph asks it when a resource comes in, and again at `refresh`.
 */
export class ClassGraph {
  readonly #find: (id: ResourceId) => Resource | undefined;
  readonly #resources = new Map<ResourceId, Resource>();
  readonly #counts = new Map<ResourceId, number>();
  /** What each resource touched since the last `takeChange` was before; undefined when it was not there. */
  #before = new Map<ResourceId, Resource | undefined>();

  constructor(find: (id: ResourceId) => Resource | undefined) {
    this.#find = find;
  }

  /** All resources. A live view. */
  get resources(): ReadonlyMap<ResourceId, Resource> {
    return this.#resources;
  }

  /** Counts one more holder of a resource; the first brings it in, with all it leads to. */
  retain(id: ResourceId): void {
    const count = this.#counts.get(id) ?? 0;
    this.#counts.set(id, count + 1);
    if (count > 0) return;
    const resource = this.#newest(id);
    this.#put(id, resource);
    for (const reference of referencesOf(resource)) this.retain(reference);
  }

  /** Counts one holder less; the last takes the resource out, and what only it led to. */
  release(id: ResourceId): void {
    const count = this.#counts.get(id) ?? 0;
    assert(count > 0, `what is released is held: ${id}`);
    if (count > 1) {
      this.#counts.set(id, count - 1);
      return;
    }
    const resource = this.#resources.get(id);
    assert(resource !== undefined, `what is held is there: ${id}`);
    this.#counts.delete(id);
    this.#touch(id);
    this.#resources.delete(id);
    for (const reference of referencesOf(resource)) this.release(reference);
  }

  /** Takes the newest form of a resource, if the graph has it at all. */
  refresh(id: ResourceId): void {
    const former = this.#resources.get(id);
    if (former === undefined) return;
    const resource = this.#newest(id);
    if (resource === former) return;
    this.#put(id, resource);
    for (const reference of referencesOf(resource)) this.retain(reference);
    for (const reference of referencesOf(former)) this.release(reference);
  }

  /** A resource and all it leads to. */
  closure(id: ResourceId): readonly Resource[] {
    const found = new Map<ResourceId, Resource>();
    const visit = (at: ResourceId) => {
      const resource = this.#resources.get(at);
      if (resource === undefined || found.has(at)) return;
      found.set(at, resource);
      for (const reference of referencesOf(resource)) visit(reference);
    };
    visit(id);
    return [...found.values()];
  }

  /** What changed since the last call. */
  takeChange(): GraphChange {
    const upserts: Resource[] = [];
    const removals: ResourceId[] = [];
    for (const [id, before] of [...this.#before].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const now = this.#resources.get(id);
      if (now === undefined && before !== undefined) removals.push(id);
      if (now !== undefined && now !== before) upserts.push(now);
    }
    this.#before = new Map();
    return { upserts, removals };
  }

  #newest(id: ResourceId): Resource {
    const resource = this.#find(id);
    assert(resource !== undefined, `what is referred to can be found: ${id}`);
    return resource;
  }

  #put(id: ResourceId, resource: Resource): void {
    this.#touch(id);
    this.#resources.set(id, resource);
  }

  #touch(id: ResourceId): void {
    if (!this.#before.has(id)) this.#before.set(id, this.#resources.get(id));
  }
}
