import { compareText } from "../../kernel/compare-text.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { StoredObject } from "./stored-object.ts";

interface Group {
  readonly members: Map<string, StoredObject>;
  /** Sorted by namespace and name; null after a change, until somebody asks. */
  sorted: readonly StoredObject[] | null;
}

/** Objects by a group they belong to (slices by Service, grants by namespace, children by parent); the objects of an index are of one kind. */
export class GroupIndex {
  readonly #groups = new Map<string, Group>();

  add(group: string, object: StoredObject): void {
    let entry = this.#groups.get(group);
    if (entry === undefined) {
      entry = { members: new Map(), sorted: null };
      this.#groups.set(group, entry);
    }
    entry.members.set(objectKey(object.ref), object);
    entry.sorted = null;
  }

  remove(group: string, object: StoredObject): void {
    const entry = this.#groups.get(group);
    if (entry === undefined) return;
    entry.members.delete(objectKey(object.ref));
    entry.sorted = null;
    if (entry.members.size === 0) this.#groups.delete(group);
  }

  /** The members of a group, sorted by namespace and name; empty when there is no such group. */
  members(group: string): readonly StoredObject[] {
    const entry = this.#groups.get(group);
    if (entry === undefined) return [];
    entry.sorted ??= [...entry.members.values()].sort(byName);
    return entry.sorted;
  }
}

function byName({ ref: a }: StoredObject, { ref: b }: StoredObject): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
