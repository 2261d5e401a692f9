import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { PartTranslation, RootTranslation, TranslateView } from "../translate/translation.ts";

/** A piece of work the compiler remembers: redone when the answer to one of its questions changes. */
export type Unit = PartUnit | RootUnit;

/** Something several roots share. */
export interface PartUnit {
  readonly type: "part";
  readonly id: ResourceId;
  /** Units ask only units of a lower level. 0: asks objects alone; 1: asks parts of level 0, or, a class, the roster of classes. */
  readonly level: 0 | 1;
  readonly translate: (view: TranslateView) => PartTranslation;
  translation: PartTranslation;
}

/** An object compiled for its own sake. */
export interface RootUnit {
  readonly type: "root";
  readonly ref: ObjectRef;
  readonly level: 2;
  /** Generation of the object that `translation` is of. */
  generation: number;
  translation: RootTranslation;
}

export const LEVELS = [0, 1, 2] as const;
