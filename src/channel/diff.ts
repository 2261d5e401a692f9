import type { ResourceId } from "../model/ids.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Delta, Snapshot } from "../model/snapshot.ts";

/** What a proxy holds: the hash of each resource. */
export type Held = ReadonlyMap<ResourceId, Uint8Array>;

/** What leads from what is held to the snapshot. `from` is the version of what is held, "" when nothing is. */
export function diff(held: Held, from: string, snapshot: Snapshot): Delta {
  const upserts: EncodedResource[] = [];
  for (const resource of snapshot.resources.values()) {
    const hash = held.get(resource.id);
    if (hash === undefined || Buffer.compare(hash, resource.hash) !== 0) upserts.push(resource);
  }
  const removals = [...held.keys()].filter((id) => !snapshot.resources.has(id));
  return { class: snapshot.class, from, to: snapshot.version, upserts, removals };
}

/**
 * What leads to the snapshot when only the resources in `changed` may differ, in work proportional to them. An id that came and
 * went in the meantime shows up as a removal of something never held, which is harmless.
 */
export function diffOf(changed: Iterable<ResourceId>, from: string, snapshot: Snapshot): Delta {
  const upserts: EncodedResource[] = [];
  const removals: ResourceId[] = [];
  for (const id of changed) {
    const resource = snapshot.resources.get(id);
    if (resource) upserts.push(resource);
    else removals.push(id);
  }
  return { class: snapshot.class, from, to: snapshot.version, upserts, removals };
}
