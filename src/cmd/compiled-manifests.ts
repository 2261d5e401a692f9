import { Compiler } from "../control/graph/compiler.ts";
import type { LoadedManifests } from "../control/sources/directory/load-manifests.ts";
import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import { publishedClasses } from "../control/translate/settings.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { assert } from "../kernel/assert.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { manifestSettings } from "./manifest-settings.ts";

/** Reads manifests into an intake, as `readManifests` does with what a command was given. */
export type Load = (intake: Intake) => Promise<LoadedManifests>;

/** Manifests that were read, not yet compiled. */
export interface ReadObjects extends LoadedManifests {
  readonly store: ObjectStore;
}

/** What manifests come to. */
export interface CompiledManifests extends ReadObjects {
  /** One graph of all classes that are looked at. */
  readonly graph: RoutingGraph;
  /** Everything wrong: in files, in objects, and what the compiler makes of them together. In no particular order. */
  readonly problems: readonly LocatedProblem[];
}

let catalog: KindCatalog | undefined;

/** Reads objects against the schemas of all kinds. */
export async function readObjects(load: Load): Promise<ReadObjects> {
  catalog ??= new KindCatalog();
  const store = new ObjectStore();
  return { ...(await load(new Intake(store, catalog))), store };
}

/** Compiles what was read, as `fairway dev` would: all classes, or those that are named, make one graph. */
export function compileObjects(
  read: ReadObjects,
  entryPoints: readonly EntryPoint[],
  classes: readonly string[],
): CompiledManifests {
  const settings = manifestSettings(entryPoints, classes);
  const together = { ...settings, classes: { ...settings.classes, publishAs: "together" } };
  const compiler = new Compiler(together);
  const compiled = compiler.update(read.store, "all");
  const graph = compiler.graph(publishedClasses(together.classes)[0] ?? "");
  assert(graph !== undefined, "a published class has a graph");
  const { manifests, folderProblems } = read;
  const located = compiled.problems.map((found) => manifests.located(found));
  return { ...read, graph, problems: [...folderProblems, ...manifests.problems(), ...located] };
}
