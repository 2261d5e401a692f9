import { isDeepStrictEqual } from "node:util";
import { compareText } from "../../kernel/compare-text.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { objectKey } from "../../model/object-ref.ts";
import { GroupIndex } from "./group-index.ts";
import type { ObjectView } from "./object-view.ts";
import { parentRefsOf } from "./parent-refs.ts";
import type { StoredObject } from "./stored-object.ts";

/** Label by which an EndpointSlice names the Service it belongs to. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/**
 * Every accepted object, indexed. It alone decides whether a change matters: an object equal to the one it replaces is no change.
 *
 * Work per change does not grow with the number of objects. Who wants to follow along registers `onChange` and takes the changes
 * when it is ready: between two `takeChanges` an object is named once, however often it changed.
 */
export class ObjectStore implements ObjectView {
  readonly #kinds = new Map<string, Map<string, StoredObject>>();
  readonly #slices = new GroupIndex();
  readonly #grants = new GroupIndex();
  readonly #children = new GroupIndex();
  readonly #listeners = new Set<() => void>();
  #changes = new Map<string, ObjectRef>();

  /** Puts an object in, in place of its former version. False when nothing we read is different, so that nothing needs doing. */
  apply(object: StoredObject): boolean {
    const { kind, namespace, name } = object.ref;
    const objects = this.#kind(kind);
    const key = `${namespace}/${name}`;
    const former = objects.get(key);
    if (former !== undefined && isDeepStrictEqual(former, object)) return false;
    const frozen = freeze(object);
    objects.set(key, frozen);
    this.#unindex(former);
    this.#index(frozen);
    this.#changed(frozen.ref);
    return true;
  }

  /** Takes an object out. False when it was not there. */
  remove(ref: ObjectRef): boolean {
    const objects = this.#kind(ref.kind);
    const key = `${ref.namespace}/${ref.name}`;
    const former = objects.get(key);
    if (former === undefined) return false;
    objects.delete(key);
    this.#unindex(former);
    this.#changed(former.ref);
    return true;
  }

  get(kind: string, namespace: string, name: string): StoredObject | undefined {
    return this.#kinds.get(kind)?.get(`${namespace}/${name}`);
  }

  /** All objects of one kind, in no particular order. A live view: read it before the next change. */
  list(kind: string): Iterable<StoredObject> {
    return this.#kinds.get(kind)?.values() ?? [];
  }

  /** The kinds that have been stored, sorted. */
  kinds(): readonly string[] {
    return [...this.#kinds.keys()].sort();
  }

  /** Number of objects of each kind that has been stored. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#kinds].map(([kind, objects]) => [kind, objects.size]));
  }

  /** Number of objects of all kinds. */
  get size(): number {
    let size = 0;
    for (const objects of this.#kinds.values()) size += objects.size;
    return size;
  }

  endpointSlices(namespace: string, service: string): readonly StoredObject[] {
    return this.#slices.members(`${namespace}/${service}`);
  }

  referenceGrants(namespace: string): readonly StoredObject[] {
    return this.#grants.members(namespace);
  }

  ingressClasses(): readonly StoredObject[] {
    return [...this.list("IngressClass")].sort((a, b) => compareText(a.ref.name, b.ref.name));
  }

  childrenOf(namespace: string, name: string): readonly StoredObject[] {
    return this.#children.members(`${namespace}/${name}`);
  }

  /** What changed since the last call, each object once, in order of its first change. */
  takeChanges(): readonly ObjectRef[] {
    const changes = [...this.#changes.values()];
    this.#changes = new Map();
    return changes;
  }

  /** Whether an object has changed since the last `takeChanges`: whoever works on what that took has not seen it. */
  isPending(ref: ObjectRef): boolean {
    return this.#changes.has(objectKey(ref));
  }

  /** Calls `listener` after every change, before `apply` or `remove` returns: it must be quick. The returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #kind(kind: string): Map<string, StoredObject> {
    let objects = this.#kinds.get(kind);
    if (objects === undefined) {
      objects = new Map();
      this.#kinds.set(kind, objects);
    }
    return objects;
  }

  #index(object: StoredObject): void {
    for (const group of groupsOf(object)) this.#indexOf(object.ref.kind).add(group, object);
  }

  #unindex(object: StoredObject | undefined): void {
    if (object === undefined) return;
    for (const group of groupsOf(object)) this.#indexOf(object.ref.kind).remove(group, object);
  }

  #indexOf(kind: string): GroupIndex {
    if (kind === "IngressRoute") return this.#children;
    return kind === "EndpointSlice" ? this.#slices : this.#grants;
  }

  #changed(ref: ObjectRef): void {
    const key = objectKey(ref);
    if (!this.#changes.has(key)) this.#changes.set(key, ref);
    for (const listener of this.#listeners) listener();
  }
}

/** The groups an object is indexed under; none when its kind has no index. */
function groupsOf(object: StoredObject): readonly string[] {
  const { kind, namespace } = object.ref;
  if (kind === "IngressRoute") return parentRefsOf(object).map((parent) => `${parent.namespace}/${parent.name}`);
  if (kind === "ReferenceGrant") return [namespace];
  if (kind !== "EndpointSlice") return [];
  const service = object.labels[SERVICE_NAME_LABEL];
  return service === undefined ? [] : [`${namespace}/${service}`];
}

/** Freezes a plain JSON value all the way down. */
function freeze<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
