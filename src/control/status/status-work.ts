import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { nothing, type RootTranslation } from "../translate/translation.ts";
import type { Objections } from "../validate/intake.ts";
import { STATUS_KINDS, type StatusFamily } from "./status-kinds.ts";
import type { Lane } from "./write-queue.ts";

/** Something to be said about one object, as it was when a run ended. */
export interface StatusWork {
  readonly key: string;
  readonly ref: ObjectRef;
  /** `events`: of a kind that has no status of ours. */
  readonly family: StatusFamily | "events";
  readonly generation: number;
  /** Whether the schema refuses this generation: `translation` is of the last one that was accepted. */
  readonly isRefused: boolean;
  readonly translation: RootTranslation;
  readonly problems: readonly Problem[];
  /** The field of the spec that is set, for a column; "" where there is none to say. */
  readonly kindColumn: string;
  /** The classes whose proxies run it; none for what no proxy runs by itself. */
  readonly classNames: readonly string[];
  /** Proxies that cover this run of the compiler run it. */
  readonly sequence: number;
  readonly lane: Lane;
  /** Whether proxies have had their time to answer: what holds now is said, whether they have or not. */
  isLate: boolean;
}

/** What work on an object begins with. */
export interface WorkStart extends Pick<StatusWork, "key" | "problems" | "sequence" | "lane"> {
  /** The version that was accepted last. */
  readonly object: StoredObject;
  /** What its schema has against the newest version; undefined: nothing. */
  readonly objections: Objections | undefined;
  /** What it was compiled to; undefined where it is not compiled for its own sake. */
  readonly translation: RootTranslation | undefined;
  /** The classes a FairwayClass configures. */
  readonly configuredClasses: readonly string[];
}

/** The work on an object; null when it is of none of our classes, so that nothing is to be said in its status. */
export function statusWork(start: WorkStart): StatusWork | null {
  const { object, key, sequence, lane, configuredClasses, objections } = start;
  const { ref } = object;
  const isRefused = objections?.isAccepted === false;
  const generation = isRefused ? objections.generation : object.generation;
  const problems = [...(objections?.problems ?? []), ...start.problems];
  const translation = start.translation ?? nothing();
  const common = { key, ref, generation, isRefused, translation, problems, sequence, lane, isLate: false };
  const kind = STATUS_KINDS.get(ref.kind);
  if (kind === undefined) return { ...common, family: "events", kindColumn: "", classNames: [] };
  const { family, saysKind } = kind;
  if (family === "shared") return { ...common, family, kindColumn: saysKind ? setField(object) : "", classNames: [] };
  const own = translation.className === null ? [] : [translation.className];
  const classNames = family === "class" ? configuredClasses : own;
  return classNames.length === 0 ? null : { ...common, family, kindColumn: "", classNames };
}

/** The one field of the spec that is set; "" when there is none, or several. */
function setField({ body }: StoredObject): string {
  const fields = Object.entries((body.spec ?? {}) as object).filter(([, value]) => value !== null && value !== undefined);
  return fields.length === 1 ? (fields[0] as [string, unknown])[0] : "";
}
