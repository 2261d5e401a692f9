import type { StoredObject } from "./stored-object.ts";

interface Group {
  readonly members: Map<string, StoredObject>;
  /** Sorted by name; null after a change, until somebody asks. */
  sorted: readonly StoredObject[] | null;
}

/** Objects by a group they belong to (slices by Service, grants by namespace); object names are unique inside a group. */
export class GroupIndex {
  readonly #groups = new Map<string, Group>();

  add(group: string, object: StoredObject): void {
    let entry = this.#groups.get(group);
    if (entry === undefined) {
      entry = { members: new Map(), sorted: null };
      this.#groups.set(group, entry);
    }
    entry.members.set(object.ref.name, object);
    entry.sorted = null;
  }

  remove(group: string, object: StoredObject): void {
    const entry = this.#groups.get(group);
    if (entry === undefined) return;
    entry.members.delete(object.ref.name);
    entry.sorted = null;
    if (entry.members.size === 0) this.#groups.delete(group);
  }

  /** The members of a group, sorted by name; empty when there is no such group. */
  members(group: string): readonly StoredObject[] {
    const entry = this.#groups.get(group);
    if (entry === undefined) return [];
    entry.sorted ??= [...entry.members.values()].sort((a, b) => (a.ref.name < b.ref.name ? -1 : 1));
    return entry.sorted;
  }
}
