import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import { checkReport } from "./check-report.ts";
import type { CompiledManifests } from "./compiled-manifests.ts";
import { type ChangedRoute, type DiffRoute, diffRoutes } from "./diff-routes.ts";
import { diffTraffic, type TrafficMove } from "./diff-traffic.ts";
import { Explainer } from "./explainer.ts";
import { resourcesOf } from "./graph-report.ts";

/** Most examples of traffic that are told. */
const MOVES_MAX = 100;

/** What `fairway diff --output json` prints. Fields may be added, never removed. Schema: `docs/reference/diff.schema.json`. */
export interface DiffReport {
  readonly routes: {
    readonly added: readonly DiffRoute[];
    readonly removed: readonly DiffRoute[];
    readonly changed: readonly ChangedRoute[];
  };
  readonly certificates: Readonly<Record<"added" | "removed" | "changed", readonly DiffCertificate[]>>;
  readonly problems: { readonly new: readonly LocatedProblem[]; readonly gone: readonly LocatedProblem[] };
  /** Examples of requests that come to something else; the first hundred. */
  readonly traffic: readonly TrafficMove[];
  readonly summary: {
    readonly same: boolean;
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    readonly newProblems: number;
    readonly goneProblems: number;
    /** How many examples there are, those included that are not told. */
    readonly moved: number;
  };
}

export interface DiffCertificate {
  /** Its Secret. */
  readonly object: ObjectRef;
  readonly names: readonly string[];
}

/** One side of a comparison. */
export interface DiffSide {
  readonly compiled: CompiledManifests;
  /** The folder that files are told relative to; "" where there is none. */
  readonly path: string;
}

/** What the change from one side to the other does. */
export function diffReport(before: DiffSide, after: DiffSide): DiffReport {
  const [former, now] = [before, after].map(({ compiled }) => new Explainer(compiled.graph, compiled.entryPoints, null)) as [
    Explainer,
    Explainer,
  ];
  const { touched, ...routes } = diffRoutes(former.table, now.table);
  const certificates = diffCertificates(before.compiled.graph, after.compiled.graph);
  const problems = { new: problemsOnlyIn(after, before), gone: problemsOnlyIn(before, after) };
  const moves = diffTraffic(touched, former, now, onBoth(before.compiled, after.compiled));
  const parts = [...Object.values(routes), ...Object.values(certificates), ...Object.values(problems), moves];
  return {
    routes,
    certificates,
    problems,
    traffic: moves.slice(0, MOVES_MAX),
    summary: {
      same: parts.every((part) => part.length === 0),
      added: routes.added.length,
      removed: routes.removed.length,
      changed: routes.changed.length,
      newProblems: problems.new.length,
      goneProblems: problems.gone.length,
      moved: moves.length,
    },
  };
}

/** Requests can be compared where both sides have an entry point. */
function onBoth(before: CompiledManifests, after: CompiledManifests): readonly EntryPoint[] {
  const names = new Set(before.entryPoints.map(({ name }) => name));
  return after.entryPoints.filter(({ name }) => names.has(name));
}

function diffCertificates(before: RoutingGraph, after: RoutingGraph): DiffReport["certificates"] {
  const former = new Map(resourcesOf(before, "certificate").map((one) => [one.id, one]));
  const now = resourcesOf(after, "certificate");
  const show = ({ origin, names }: { readonly origin: ObjectRef; readonly names: readonly string[] }) => ({
    object: origin,
    names,
  });
  const changed = now.filter((one) => {
    const was = former.get(one.id);
    // The chain holds the public half of the key; the private one an operator keeps to itself.
    return was !== undefined && was.chainPem !== one.chainPem;
  });
  const ids = new Set(now.map(({ id }) => id));
  return {
    added: now.filter(({ id }) => !former.has(id)).map(show),
    removed: [...former.values()].filter(({ id }) => !ids.has(id)).map(show),
    changed: changed.map(show),
  };
}

/** Problems one side has and the other has not: told apart by what they say of whom, not by where it stands. */
function problemsOnlyIn(side: DiffSide, other: DiffSide): readonly LocatedProblem[] {
  const counts = new Map<string, number>();
  for (const problem of other.compiled.problems) {
    const key = identity(problem, other.path);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const only = side.compiled.problems.filter((problem) => {
    const key = identity(problem, side.path);
    const left = counts.get(key) ?? 0;
    counts.set(key, left - 1);
    return left <= 0;
  });
  return checkReport(only, 0).problems;
}

/** Positions in lists do not count: they shift when a rule comes in. Files do where there is no object, relative to the folder. */
function identity({ code, object, field, file, message }: LocatedProblem, path: string): string {
  const place = object.kind === "" ? relative(file, path) : objectKey(object);
  return JSON.stringify([code, place, field.replace(/\[\d+\]/g, "[]"), relative(message, path)]);
}

function relative(text: string, path: string): string {
  return path === "" ? text : text.replaceAll(path.endsWith("/") ? path : `${path}/`, "");
}
