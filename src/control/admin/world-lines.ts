import { TimeSlice } from "../../kernel/time-slice.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { LocatedProblem, Location } from "../sources/directory/manifest-set.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "../translate/settings.ts";
import { withheldSecret } from "./withheld-secret.ts";

/** The format of these lines; one with another number is not read. Members may be added within a number. */
export const WORLD_FORMAT = 1;

/** Who finds a problem: the source and its schemas, the compiler, or who runs what was compiled. */
export type ProblemOrigin = "source" | "compiler" | "proxies";

/** The world of a running operator as tools get it: a line of JSON each, the first of type `world`, the last of type `end`. */
export type WorldLine =
  | {
      readonly type: "world";
      readonly format: typeof WORLD_FORMAT;
      /** Version of the operator. */
      readonly version: string;
      readonly settings: CompileSettings;
      /** The folder it reads, as it was named to it; null on a cluster. */
      readonly folder: string | null;
    }
  /** Something the store holds. */
  | { readonly type: "object"; readonly object: StoredObject }
  /** Where something stands in the folder, accepted or not. */
  | { readonly type: "place"; readonly object: ObjectRef; readonly file: string; readonly line: number }
  | { readonly type: "problem"; readonly origin: ProblemOrigin; readonly problem: LocatedProblem }
  /** `objects`: how many there were, so that a world that breaks off is not taken for a smaller one. */
  | { readonly type: "end"; readonly objects: number };

/** What an operator holds. */
export interface OperatorWorld {
  readonly version: string;
  readonly folder: string | null;
  readonly store: ObjectStore;
  settings(): CompileSettings;
  /** What stands in the folder, and where; nothing on a cluster. */
  places(): Iterable<Location & { readonly object: ObjectRef }>;
  problems(): Iterable<{ readonly origin: ProblemOrigin; readonly problem: LocatedProblem }>;
}

/** How long making lines may keep the thread. */
const SLICE_MS = 10;

/** Text is handed on when there is this much of it, in characters. */
const PART_LENGTH = 64 * 1024;

/**
 * The lines, in parts of many. The objects are those of the moment it begins. Values of Secrets stay here; all else is as in the
 * store. The thread is given back every 10 ms, and nothing is made that is not taken.
 */
export async function* worldLines(world: OperatorWorld): AsyncGenerator<string> {
  const objects = world.store.kinds().flatMap((kind) => [...world.store.list(kind)]);
  const slice = new TimeSlice(SLICE_MS);
  let part = "";
  for (const line of linesOf(world, objects)) {
    part += `${JSON.stringify(line)}\n`;
    if (part.length >= PART_LENGTH) {
      yield part;
      part = "";
    }
    if (slice.isOver) await slice.breathe();
  }
  yield part;
}

function* linesOf(world: OperatorWorld, objects: readonly StoredObject[]): Generator<WorldLine> {
  const { version, folder } = world;
  yield { type: "world", format: WORLD_FORMAT, version, settings: world.settings(), folder };
  for (const object of objects) yield { type: "object", object: withheldSecret(object) };
  for (const { object, file, line } of world.places()) yield { type: "place", object, file, line };
  for (const found of world.problems()) yield { type: "problem", ...found };
  yield { type: "end", objects: objects.length };
}
