import type { ResourceId } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import type { Resource } from "../../model/resource.ts";
import type { Hold } from "./holds.ts";

/** What one run of the compiler changed. */
export interface CompileResult {
  /** By class; a class nothing changed in is absent. After the first run every published class is there. */
  readonly changes: ReadonlyMap<string, GraphChange>;
  /** All problems of the whole world, sorted by object and field. */
  readonly problems: readonly Problem[];
  /** Whether `problems` differs from that of the run before. */
  readonly problemsChanged: boolean;
  /** Rules that worked before this run and now miss a reference: whoever runs the compiler may hold them for a while. */
  readonly holdable: readonly Hold[];
  /** Holds whose rule works again, or is gone. */
  readonly releasable: readonly ResourceId<"router">[];
}

/** What changed in the graph of one class. Ids are sorted; no id is in both. */
export interface GraphChange {
  readonly upserts: readonly Resource[];
  readonly removals: readonly ResourceId[];
}
