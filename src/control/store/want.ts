import type { ObjectRef } from "../../model/object-ref.ts";

/** An object of a kind that is held only where somebody refers to it, which somebody began or ceased to do. */
export interface Want {
  readonly ref: ObjectRef;
  readonly isWanted: boolean;
}

/** Kinds of which a source may hold those objects alone that somebody refers to: there are many, and few of them matter. */
export const WANTED_KINDS: readonly string[] = ["Secret", "ConfigMap"];
