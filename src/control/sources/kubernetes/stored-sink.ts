import { isDeepStrictEqual } from "node:util";
import { type ObjectRef, objectKey } from "../../../model/object-ref.ts";
import type { ApiObject } from "../../api/api.ts";
import type { StoredObject } from "../../store/stored-object.ts";
import type { CheckedObject, Intake } from "../../validate/intake.ts";
import { annotationsRead } from "../../validate/stored-form.ts";
import { apiVersionOf, type WatchedKind } from "./kinds.ts";
import type { ReflectorSink } from "./reflector.ts";
import { trimmed } from "./trim.ts";

/** Called for every object that carries a status, whenever it is seen: at the list, and at every change. Must be quick. */
export type StatusListener = (ref: ObjectRef, status: unknown, resourceVersion: string) => void;

/** An object of a list or a watch, made ready for the store. */
export interface PreparedObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly status: unknown;
  /** Null when nothing that we read of it differs. */
  readonly checked: CheckedObject | null;
}

/** Brings the objects of one kind into the store. */
export class StoredSink implements ReflectorSink<PreparedObject> {
  readonly #kind: WatchedKind;
  readonly #intake: Intake;
  readonly #uids: Map<string, string>;
  readonly #onStatus: StatusListener;

  /** `uids` holds the uid of every object that is there, by `objectKey`. */
  constructor(kind: WatchedKind, intake: Intake, uids: Map<string, string>, onStatus: StatusListener) {
    this.#kind = kind;
    this.#intake = intake;
    this.#uids = uids;
    this.#onStatus = onStatus;
  }

  prepare(object: ApiObject, version: string): PreparedObject {
    const { name, namespace = "", uid = "", resourceVersion = "" } = object.metadata;
    const ref: ObjectRef = { kind: this.#kind.kind, namespace, name };
    const checked = this.#isKnown(ref, object) ? null : this.#checked(ref, object, version);
    return { ref, uid, resourceVersion, status: object.status, checked };
  }

  commit(changed: readonly PreparedObject[], gone: readonly string[]): void {
    for (const { ref, uid, resourceVersion, status, checked } of changed) {
      this.#uids.set(objectKey(ref), uid);
      if (checked !== null) this.#intake.put(checked);
      if (status !== undefined) this.#onStatus(ref, status, resourceVersion);
    }
    for (const key of gone) {
      const ref = refOf(this.#kind.kind, key);
      this.#uids.delete(objectKey(ref));
      this.#intake.remove(ref);
    }
  }

  #checked(ref: ObjectRef, object: ApiObject, version: string): CheckedObject {
    const { kind, isOurs } = this.#kind;
    const apiVersion = apiVersionOf(this.#kind, version);
    const value = trimmed(object, apiVersion, kind);
    if (!isOurs) return this.#intake.accept(ref, value);
    return this.#intake.check({ ref, value, schema: this.#intake.schemaOf(apiVersion, kind) });
  }

  /** Whether only status and bookkeeping changed, as after each status that is written. */
  #isKnown(ref: ObjectRef, { metadata }: ApiObject): boolean {
    if (!this.#kind.countsGenerations || this.#uids.get(objectKey(ref)) !== metadata.uid) return false;
    const held = this.#intake.accepted(ref);
    return held !== undefined && isSameDesired(held, metadata);
  }
}

function isSameDesired(held: StoredObject, metadata: ApiObject["metadata"]): boolean {
  return (
    metadata.generation !== undefined &&
    held.generation === metadata.generation &&
    held.deleting === (metadata.deletionTimestamp !== undefined) &&
    isDeepStrictEqual(held.labels, metadata.labels ?? {}) &&
    isDeepStrictEqual(held.annotations, annotationsRead(metadata.annotations))
  );
}

/** The object a reflector's key (`namespace/name`) names. */
export function refOf(kind: string, key: string): ObjectRef {
  const slash = key.indexOf("/");
  return { kind, namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
