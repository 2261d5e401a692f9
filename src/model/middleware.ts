import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** A middleware as the proxy needs it: `config` is what the kind's `prepare` returned, plain JSON. */
export interface Middleware {
  readonly id: ResourceId<"middleware">;
  readonly origin: ObjectRef;
  /** Key of the middleware registry, for example `stripPrefix`. */
  readonly kind: string;
  readonly config: unknown;
}
