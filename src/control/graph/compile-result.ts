import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { Resource } from "../../model/resource.ts";
import type { Want } from "../store/want.ts";
import type { Hold } from "./holds.ts";

/** What one run of the compiler changed. */
export interface CompileResult {
  /** By class; a class nothing changed in is absent. After the first run every published class is there. */
  readonly changes: ReadonlyMap<string, GraphChange>;
  /** All problems of the whole world, sorted by object and field. */
  readonly problems: readonly Problem[];
  /** Whether `problems` differs from that of the run before. */
  readonly problemsChanged: boolean;
  /**
   * Objects whose translation was redone, or whose problems changed: all whose status may be different now, those that are gone
   * included. One may be named several times.
   */
  readonly touched: readonly ObjectRef[];
  /** Rules that worked before this run and now miss a reference: whoever runs the compiler may hold them for a while. */
  readonly holdable: readonly Hold[];
  /**
   * Objects that translation began or ceased to ask for, of the kinds that are held only where somebody does. What it began to ask for
   * and is not in the store may be on its way: whoever runs the compiler may wait for it, and run it again.
   */
  readonly wants: readonly Want[];
  /** Holds whose rule works again, or is gone. */
  readonly releasable: readonly ResourceId<"router">[];
}

/** What changed in the graph of one class. Ids are sorted; no id is in both. */
export interface GraphChange {
  readonly upserts: readonly Resource[];
  readonly removals: readonly ResourceId[];
  /** Present where `upserts` are all there is: whatever else the class had before is gone. */
  readonly isWhole?: true;
}

/** What two runs changed together, by class. */
export function mergeChanges(
  first: ReadonlyMap<string, GraphChange>,
  second: ReadonlyMap<string, GraphChange>,
): ReadonlyMap<string, GraphChange> {
  const merged = new Map(first);
  for (const [className, change] of second) {
    const former = merged.get(className);
    merged.set(className, former === undefined ? change : mergeChange(former, change));
  }
  return merged;
}

/** An id the second run touched is as the second run left it. */
function mergeChange(first: GraphChange, second: GraphChange): GraphChange {
  const touched = new Set([...second.upserts.map((resource) => resource.id), ...second.removals]);
  const upserts = [...first.upserts.filter((resource) => !touched.has(resource.id)), ...second.upserts];
  const removals = [...first.removals.filter((id) => !touched.has(id)), ...second.removals];
  const isWhole = first.isWhole === true ? ({ isWhole: true } as const) : {};
  return { upserts: upserts.sort((a, b) => (a.id < b.id ? -1 : 1)), removals: removals.sort(), ...isWhole };
}
