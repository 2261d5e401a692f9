import { isDeepStrictEqual } from "node:util";
import { ApiError, type ApiMetadata, type ApiObject, type WatchEvent } from "../../src/control/api/api.ts";
import { apiVersionOf, type ResourceType } from "./resource-types.ts";

/** Something that happened, at a resource version of its own. */
export interface HistoryEvent {
  readonly version: number;
  readonly type: ResourceType;
  readonly event: WatchEvent;
}

/** The fake's etcd: objects, one resource version for all, and what happened since it was last compacted. */
export class FakeObjects {
  readonly #objects = new Map<string, ApiObject>();
  readonly #listeners = new Set<(happened: HistoryEvent) => void>();
  readonly #now: () => number;
  #history: HistoryEvent[] = [];
  #compactedTo = 0;
  #version = 100;
  #uids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get version(): number {
    return this.#version;
  }

  get(type: ResourceType, namespace: string, name: string): ApiObject | undefined {
    return this.#objects.get(keyOf(type, namespace, name));
  }

  /** Sorted as the API server lists: by namespace and name. Without a namespace those of all. */
  list(type: ResourceType, namespace: string): readonly ApiObject[] {
    const prefix = keyOf(type, namespace, "");
    const start = namespace === "" ? `${prefixOf(type)}/` : prefix;
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(start)).sort();
    return keys.map((key) => this.#objects.get(key) as ApiObject);
  }

  /** What happened after a version, oldest first. Throws the 410 of a version that is too old. */
  since(version: number): readonly HistoryEvent[] {
    if (version < this.#compactedTo) throw expired();
    return this.#history.filter((each) => each.version > version);
  }

  /** Forgets what happened, so that older versions are gone. */
  compact(): void {
    this.#version += 1;
    this.#compactedTo = this.#version;
    this.#history = [];
  }

  onEvent(listener: (happened: HistoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  create(type: ResourceType, object: ApiObject): ApiObject {
    const { name, namespace = "" } = object.metadata;
    if (this.get(type, namespace, name) !== undefined) {
      throw new ApiError(409, "AlreadyExists", `${type.plural} "${name}" already exists`);
    }
    this.#uids += 1;
    return this.#write(type, "ADDED", {
      ...object,
      metadata: {
        ...object.metadata,
        uid: `uid-${this.#uids}`,
        generation: 1,
        creationTimestamp: new Date(this.#now()).toISOString().replace(/\.\d+Z$/, "Z"),
      },
    });
  }

  /** Replaces an object; nothing happens when nothing differs. The resource version in it, if any, must be the current one. */
  replace(type: ResourceType, former: ApiObject, object: ApiObject): ApiObject {
    const expected = object.metadata.resourceVersion;
    if (expected !== undefined && expected !== former.metadata.resourceVersion) {
      throw new ApiError(409, "Conflict", `${type.plural} "${object.metadata.name}": the object has been modified`);
    }
    const { uid, creationTimestamp, generation = 1, resourceVersion, deletionTimestamp } = former.metadata;
    const next: ApiObject = {
      ...object,
      metadata: withoutUndefined({
        ...object.metadata,
        uid,
        creationTimestamp,
        resourceVersion,
        deletionTimestamp,
        generation: isDeepStrictEqual(desired(former), desired(object)) ? generation : generation + 1,
      }),
    };
    if (isDeepStrictEqual(next, former)) return former;
    if (deletionTimestamp !== undefined && !hasFinalizers(next)) return this.#erase(type, next);
    return this.#write(type, "MODIFIED", next);
  }

  /** Removes an object; one with finalizers is only marked. */
  remove(type: ResourceType, object: ApiObject): ApiObject {
    if (!hasFinalizers(object)) return this.#erase(type, object);
    if (object.metadata.deletionTimestamp !== undefined) return object;
    const deletionTimestamp = new Date(this.#now()).toISOString();
    return this.#write(type, "MODIFIED", { ...object, metadata: { ...object.metadata, deletionTimestamp } });
  }

  #erase(type: ResourceType, object: ApiObject): ApiObject {
    this.#objects.delete(keyOf(type, object.metadata.namespace ?? "", object.metadata.name));
    return this.#happened(type, "DELETED", object);
  }

  #write(type: ResourceType, what: "ADDED" | "MODIFIED", object: ApiObject): ApiObject {
    const written = this.#happened(type, what, object);
    this.#objects.set(keyOf(type, object.metadata.namespace ?? "", object.metadata.name), written);
    return written;
  }

  #happened(type: ResourceType, what: WatchEvent["type"], object: ApiObject): ApiObject {
    this.#version += 1;
    const stamped: ApiObject = {
      ...structuredClone(object),
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { ...structuredClone(object.metadata), resourceVersion: String(this.#version) },
    };
    const happened: HistoryEvent = { version: this.#version, type, event: { type: what, object: stamped } };
    this.#history.push(happened);
    for (const listener of [...this.#listeners]) listener(happened);
    return stamped;
  }
}

/** The answer to a version, or a page, that is too old. */
export function expired(): ApiError {
  return new ApiError(410, "Expired", "The resourceVersion is too old.");
}

function prefixOf({ group, version, plural }: ResourceType): string {
  return `${group}/${version}/${plural}`;
}

function keyOf(type: ResourceType, namespace: string, name: string): string {
  return `${prefixOf(type)}/${namespace}/${name}`;
}

function hasFinalizers({ metadata }: ApiObject): boolean {
  return ((metadata as { finalizers?: readonly string[] }).finalizers?.length ?? 0) > 0;
}

/** What counts for `metadata.generation`. */
function desired({ apiVersion: _, kind: __, metadata: ___, status: ____, ...rest }: ApiObject): unknown {
  return rest;
}

function withoutUndefined(metadata: { readonly [name: string]: unknown }): ApiMetadata {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as unknown as ApiMetadata;
}
