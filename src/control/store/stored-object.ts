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
  readonly body: Body /** Set where the values of a Secret were not handed over: what their owner found of them. */;
  readonly withheld?: Withheld;
}

/** What stands for the values of a Secret that its owner, an operator, shows to tools without them. */
export interface Withheld {
  /** Why it cannot be used as a certificate, as the end of a sentence; null when it can. */
  readonly obstacle: string | null;
}
