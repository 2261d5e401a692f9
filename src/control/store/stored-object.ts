import type { ObjectRef } from "../../model/object-ref.ts";

/** One Kubernetes object that passed the schema, with only what we read. Frozen; a change is a new object. */
export interface StoredObject<Body = Readonly<Record<string, unknown>>> {
  readonly ref: ObjectRef;
  readonly apiVersion: string;
  /** `metadata.generation`; 0 when the source has none. */
  readonly generation: number;
  /** creationTimestamp in ms since the epoch; null when the source has none. */
  readonly createdAtMs: number | null;
  /** Whether deletionTimestamp is set: such an object never wins a conflict. */
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Everything beside apiVersion, kind and metadata: `spec`, `data`, `endpoints`, … as written. */
  readonly body: Body;
}
