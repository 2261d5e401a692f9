import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/**
 * Which TLSOption connections to one host of one entry point have. It is there where that is not the default, and beneath a wildcard
 * where it is not what the wildcard has.
 */
export interface TlsHost {
  readonly id: ResourceId<"tlsHost">;
  /** The object whose route decides: of those that want different options the oldest. */
  readonly origin: ObjectRef;
  readonly entryPoint: string;
  /** A host, `*.SUFFIX` for one label more, or `*` for any and for clients that name none. */
  readonly host: string;
  /** Absent: the default. Null: one that cannot be honoured, so that nobody connects. */
  readonly option?: ResourceId<"tlsOption"> | null;
}
