import { Compiler } from "../control/graph/compiler.ts";
import type { LoadedManifests } from "../control/sources/directory/load-manifests.ts";
import type { LocatedProblem, Provenance } from "../control/sources/directory/manifest-set.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import type { ClassSelection, CompileSettings } from "../control/translate/settings.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { assert } from "../kernel/assert.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { wrongUse } from "./cli.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { resourcesOf } from "./graph-report.ts";
import { manifestClasses, manifestSettings } from "./manifest-settings.ts";

/** Reads manifests into an intake, as `readManifests` does with what a command was given. */
export type Load = (intake: Intake) => Promise<LoadedManifests>;

/** Objects that were read, not yet compiled. */
export interface ReadObjects {
  readonly store: ObjectStore;
  readonly manifests: Provenance;
  /** What is wrong with folders; the rest is in `manifests.problems()`. */
  readonly folderProblems: readonly LocatedProblem[];
  /** How the operator compiles that they come from; absent where they come from no operator. */
  readonly settings?: CompileSettings;
}

/** What manifests come to. */
export interface CompiledManifests extends ReadObjects {
  /** One graph of all classes that are looked at. */
  readonly graph: RoutingGraph;
  /** Where requests come to: those that flags name first, in their order. */
  readonly entryPoints: readonly EntryPoint[];
  /** Everything wrong: in files, in objects, and what the compiler makes of them together. In no particular order. */
  readonly problems: readonly LocatedProblem[];
}

let catalog: KindCatalog | undefined;

/** The schemas, read once a process. */
export function kindCatalog(): KindCatalog {
  catalog ??= new KindCatalog();
  return catalog;
}

/** Reads objects against the schemas of all kinds. */
export async function readObjects(load: Load): Promise<ReadObjects> {
  const store = new ObjectStore();
  return { ...(await load(new Intake(store, kindCatalog()))), store };
}

/**
 * How a tool compiles: manifests as `fairway dev` would, an operator's objects as that operator does, but for what flags say otherwise.
 * The entry points that are the default are what flags say when nobody gave one.
 */
export function toolSettings(
  { settings }: Pick<ReadObjects, "settings">,
  entryPoints: readonly EntryPoint[],
  classes: readonly string[],
): CompileSettings {
  if (settings === undefined) return manifestSettings(entryPoints, manifestClasses(classes));
  return {
    ...settings,
    ...(entryPoints === DEFAULT_ENTRY_POINTS ? {} : { entryPoints, keepsEntryPoints: true }),
    classes: classes.length === 0 ? settings.classes : named(settings.classes, classes),
  };
}

function named(selection: ClassSelection, names: readonly string[]): ClassSelection {
  return "names" in selection ? { ...selection, names } : { select: "named", names };
}

/**
 * Compiles what was read to one graph: of manifests, all classes or those that are named; of an operator's objects, the classes that
 * are named, or the only one it serves. Ends the command when there are several to choose from.
 */
export function compileObjects(
  read: ReadObjects,
  entryPoints: readonly EntryPoint[],
  classes: readonly string[],
): CompiledManifests {
  const settings = toolSettings(read, entryPoints, classes);
  const isTogether = read.settings === undefined || classes.length > 0;
  const compiler = new Compiler(isTogether ? { ...settings, classes: { ...settings.classes, publishAs: TOGETHER } } : settings);
  const compiled = compiler.update(read.store, "all");
  const [published, ...others] = [...compiled.changes.keys()].sort();
  if (published === undefined || others.length > 0) return wrongUse(whichClass([...compiled.changes.keys()].sort()));
  const graph = compiler.graph(published);
  assert(graph !== undefined, "a published class has a graph");
  const { manifests, folderProblems } = read;
  const located = compiled.problems.map((found) => manifests.located(found));
  const listening = inOrderOf(settings.entryPoints, resourcesOf(graph, "entryPoint"));
  return { ...read, graph, entryPoints: listening, problems: [...folderProblems, ...manifests.problems(), ...located] };
}

/** Of several entry points that could take a request, the first does. */
function inOrderOf(named: readonly EntryPoint[], found: readonly EntryPoint[]): readonly EntryPoint[] {
  const position = ({ name }: EntryPoint): number => {
    const index = named.findIndex((one) => one.name === name);
    return index === -1 ? named.length : index;
  };
  return found.toSorted((a, b) => position(a) - position(b));
}

/** What the one graph is published as that tools look at. */
const TOGETHER = "together";

function whichClass(names: readonly string[]): string {
  if (names.length === 0) return "the operator serves no ingress class now: name one with --class";
  return `the operator serves the ingress classes ${names.join(", ")}: choose with --class`;
}
