import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** What counts for TLS connections to all hosts of a class that say nothing else. One for each class, where there is any. */
export interface TlsDefaults {
  readonly id: ResourceId<"tlsDefaults">;
  readonly origin: ObjectRef;
  /** Absent: what is built in. Null: one that cannot be honoured, so that nobody connects. */
  readonly option?: ResourceId<"tlsOption"> | null;
  /** Shown to clients that ask for a name nobody has a certificate for; absent: a self-signed one. */
  readonly certificate?: ResourceId<"certificate">;
  /** Certificates that no route names, sorted. */
  readonly certificates?: readonly ResourceId<"certificate">[];
}
