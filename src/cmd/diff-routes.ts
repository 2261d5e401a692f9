import { canonicalJson } from "../kernel/canonical-json.ts";
import type { RoutingGraph } from "../model/graph.ts";
import type { Middleware } from "../model/middleware.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import { redactValue } from "../model/redact.ts";
import type { Router } from "../model/router.ts";
import { type ExplainedService, explainService } from "./explain-service.ts";
import { hostPort } from "./graph-drawing.ts";
import type { RoutingTable } from "./routing-table.ts";

/** A route, for people and programs. */
export interface DiffRoute {
  readonly id: string;
  readonly object: ObjectRef;
  /** In canonical spelling. */
  readonly rule: string;
  /** What it is and where it leads, by field; each a list of texts. */
  readonly fields: Readonly<Record<ChangedField, readonly string[]>>;
}

/** What can change about a route. */
export const CHANGED_FIELDS = [
  "rule",
  "priority",
  "entryPoints",
  "parents",
  "middlewares",
  "service",
  "endpoints",
  "tombstone",
] as const;
export type ChangedField = (typeof CHANGED_FIELDS)[number];

export interface FieldChange {
  readonly field: ChangedField;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface ChangedRoute {
  /** As it is after the change. */
  readonly id: string;
  readonly object: ObjectRef;
  readonly rule: string;
  readonly changes: readonly FieldChange[];
}

/** How the routes of two tables differ. */
export interface RoutesDiff {
  readonly added: readonly DiffRoute[];
  readonly removed: readonly DiffRoute[];
  readonly changed: readonly ChangedRoute[];
  /** All routers of either table whose traffic may be different now, those included whose rank alone changed. */
  readonly touched: readonly Router[];
}

/** What stands behind the text of an option that is the same although a secret in it is not. */
const OTHER_SECRET = "(another secret)";

interface RouterPair {
  readonly before: Router;
  readonly after: Router;
}

/** Compares the routes of two tables: by their ids, then those left over of one object with one another, as edits of a rule. */
export function diffRoutes(before: RoutingTable, after: RoutingTable): RoutesDiff {
  const formerly = new Map(before.routers.map((router) => [router.id, router]));
  const now = new Map(after.routers.map((router) => [router.id, router]));
  const same = after.routers.flatMap((router): RouterPair[] => {
    const former = formerly.get(router.id);
    return former === undefined ? [] : [{ before: former, after: router }];
  });
  const gone = before.routers.filter(({ id }) => !now.has(id));
  const come = after.routers.filter(({ id }) => !formerly.has(id));
  const edited = pairEdits(gone, come);
  const taken = new Set(edited.flatMap((pair) => [pair.before, pair.after]));
  const pairs = [...same, ...edited].map((pair) => ({ ...pair, ...compare(pair, before.graph, after.graph) }));
  const changed = pairs.filter(({ changes }) => changes.length > 0);
  const removed = gone.filter((router) => !taken.has(router));
  const added = come.filter((router) => !taken.has(router));
  const touched = pairs.filter((pair) => pair.changes.length > 0 || hasMoved(pair));
  return {
    added: added.map((router) => diffRoute(router, after.graph)),
    removed: removed.map((router) => diffRoute(router, before.graph)),
    changed: changed.map(({ after: { id, origin, ruleText }, changes }) => ({ id, object: origin, rule: ruleText, changes })),
    touched: [...removed, ...added, ...touched.flatMap((pair) => [pair.before, pair.after])],
  };
}

/** Routers of one object of which one went where another came: by position, or in order where as many went as came. */
function pairEdits(gone: readonly Router[], come: readonly Router[]): readonly RouterPair[] {
  const comeByObject = Map.groupBy(come, ({ origin }) => objectKey(origin));
  return [...Map.groupBy(gone, ({ origin }) => objectKey(origin))].flatMap(([key, former]) => {
    const now = comeByObject.get(key) ?? [];
    const byIndex = (a: Router, b: Router) => a.rank.index - b.rank.index;
    const ordered = now.toSorted(byIndex);
    return former.toSorted(byIndex).flatMap((router, position): RouterPair[] => {
      const partner =
        former.length === now.length ? ordered[position] : ordered.find(({ rank }) => rank.index === router.rank.index);
      return partner === undefined ? [] : [{ before: router, after: partner }];
    });
  });
}

function hasMoved({ before, after }: RouterPair): boolean {
  return canonicalJson(before.rank) !== canonicalJson(after.rank);
}

function compare(pair: RouterPair, before: RoutingGraph, after: RoutingGraph): { readonly changes: readonly FieldChange[] } {
  const [former, now] = [fieldsOf(pair.before, before), fieldsOf(pair.after, after)];
  const changes = CHANGED_FIELDS.map((field) => ({ field, before: former[field], after: now[field] }));
  const differing = changes.filter((change) => !isSame(change.before, change.after));
  if (differing.some(({ field }) => field === "middlewares") || optionsOf(pair.before, before) === optionsOf(pair.after, after)) {
    return { changes: differing };
  }
  const secret: FieldChange = { field: "middlewares", before: former.middlewares, after: [...now.middlewares, OTHER_SECRET] };
  return { changes: [...differing, secret] };
}

/** A route as the report has it. */
export function diffRoute(router: Router, graph: RoutingGraph): DiffRoute {
  return { id: router.id, object: router.origin, rule: router.ruleText, fields: fieldsOf(router, graph) };
}

function fieldsOf(router: Router, graph: RoutingGraph): DiffRoute["fields"] {
  const { service, endpoints } = explainService(router.service, graph);
  return {
    rule: [router.ruleText],
    priority: [String(router.rank.priority)],
    entryPoints: router.entryPoints,
    parents: (router.parents ?? []).map(objectKey),
    middlewares: router.middlewares.map((id) => middlewareText(graph.resources.get(id) as Middleware)),
    service: service === null ? [] : serviceTexts(service),
    endpoints: [...new Set(endpoints.map((one) => `${hostPort(one.address, one.port)} of ${one.service}`))],
    tombstone: router.tombstone ?? [],
  };
}

function middlewareText({ kind, origin, config }: Middleware): string {
  return `${kind} ${origin.namespace}/${origin.name} ${canonicalJson(redactValue(config))}`;
}

/** The options with their secrets, to compare and never to show. */
function optionsOf(router: Router, graph: RoutingGraph): string {
  return canonicalJson(router.middlewares.map((id) => (graph.resources.get(id) as Middleware).config));
}

function serviceTexts(service: ExplainedService): readonly string[] {
  if (service.type !== "weighted") {
    const { object, port, passHostHeader } = service;
    return [`${object.namespace}/${object.name}:${port}${passHostHeader === false ? ", Host of the server" : ""}`];
  }
  const total = service.services.reduce((sum, { weight }) => sum + weight, 0);
  return service.services.flatMap((member) =>
    serviceTexts(member.service).map((text) => `${text}, ${member.weight} of ${total}`),
  );
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
