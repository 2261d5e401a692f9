import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** A certificate chain and its key, from a `kubernetes.io/tls` Secret. */
export interface Certificate {
  readonly id: ResourceId<"certificate">;
  readonly origin: ObjectRef;
  /** DNS names of the leaf (SAN, else CN), lower case, sorted; a name may begin with `*.`. */
  readonly names: readonly string[];
  readonly chainPem: string;
  /** Private: the resource is redacted wherever people can see it (see `model/redact.ts`). */
  readonly keyPem: string;
}
