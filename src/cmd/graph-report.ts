import { compareText } from "../kernel/compare-text.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { resourceType } from "../model/ids.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import { compareRanks } from "../model/rank.ts";
import type { ResourceBodies } from "../model/resource.ts";
import type { Router } from "../model/router.ts";
import type { Server, Service } from "../model/service.ts";
import { portOf } from "./explain-service.ts";

/**
 * What `fairway graph --output json` prints. Fields may be added, never removed. Schema: `docs/reference/graph.schema.json`.
 *
 * The same manifests give the same bytes: routers come in the order they are tried, entry points by name, all else by id.
 */
export interface GraphReport {
  readonly entryPoints: readonly ReportedEntryPoint[];
  readonly routers: readonly ReportedRouter[];
  readonly middlewares: readonly ReportedMiddleware[];
  readonly services: readonly ReportedService[];
  readonly endpoints: readonly ReportedEndpoints[];
}

export interface ReportedEntryPoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ReportedRouter {
  readonly id: string;
  readonly object: ObjectRef;
  /** In canonical spelling. */
  readonly rule: string;
  readonly priority: number;
  /** Names of the entry points that serve it. */
  readonly entryPoints: readonly string[];
  /** Ids, in the order they run. */
  readonly middlewares: readonly string[];
  /** Id; null in a tombstone, and where every request is left to the children. */
  readonly service: string | null;
  /** Codes of the problems for which it answers 503; null when it is served. */
  readonly tombstone: readonly string[] | null;
  /** Id of the TLSOption that connections must have; null for one that cannot be had, absent for the default one. */
  readonly tlsOption?: string | null;
  /** Ids of the routers under it, in the order they are tried. */
  readonly children: readonly string[];
}

export interface ReportedMiddleware {
  readonly id: string;
  readonly object: ObjectRef;
  readonly kind: string;
}

export interface ReportedService {
  readonly id: string;
  readonly type: Service["type"];
  readonly object: ObjectRef;
  /** The port as routes name it; null for a weighted choice. */
  readonly port: string | null;
  /** Id of its servers; null for a weighted choice. */
  readonly endpoints: string | null;
  /** The services of a weighted choice, by id; empty for all others. */
  readonly services: readonly { readonly service: string; readonly weight: number }[];
}

export interface ReportedEndpoints {
  readonly id: string;
  readonly object: ObjectRef;
  readonly servers: readonly Server[];
}

/** The routing graph as data, in an order of its own. */
export function graphReport(graph: RoutingGraph): GraphReport {
  return {
    entryPoints: resourcesOf(graph, "entryPoint")
      .map(({ name, host, port, tls }) => ({ name, host, port, tls }))
      .sort((a, b) => compareText(a.name, b.name)),
    routers: reportedRouters(graph),
    middlewares: resourcesOf(graph, "middleware").map(({ id, origin, kind }) => ({ id, object: origin, kind })),
    services: resourcesOf(graph, "service").map(reportedService),
    endpoints: resourcesOf(graph, "endpoints").map(({ id, origin, servers }) => ({ id, object: origin, servers })),
  };
}

/** The routers of a graph in the order they are tried. */
export function routersOf(graph: RoutingGraph): readonly Router[] {
  return resourcesOf(graph, "router").sort((a, b) => compareRanks(a.rank, b.rank));
}

/** Routers by the `objectKey` of each object they hang under, in the order they are given. */
export function childrenByParent(routers: readonly Router[]): ReadonlyMap<string, readonly Router[]> {
  const children = new Map<string, Router[]>();
  for (const router of routers) {
    for (const parent of router.parents ?? []) {
      const key = objectKey(parent);
      const siblings = children.get(key);
      if (siblings === undefined) children.set(key, [router]);
      else siblings.push(router);
    }
  }
  return children;
}

/** The resources of one type, by id. */
export function resourcesOf<T extends keyof ResourceBodies>(graph: RoutingGraph, type: T): ResourceBodies[T][] {
  const found = [...graph.resources.values()].filter(({ id }) => resourceType(id) === type) as ResourceBodies[T][];
  return found.sort((a, b) => compareText(a.id, b.id));
}

function reportedRouters(graph: RoutingGraph): readonly ReportedRouter[] {
  const routers = routersOf(graph);
  const children = childrenByParent(routers);
  return routers.map(({ id, origin, ruleText, rank, entryPoints, middlewares, service, tombstone, isParent, tlsOption }) => {
    const below = isParent === true ? (children.get(objectKey(origin)) ?? []) : [];
    const settled = { id, object: origin, rule: ruleText, priority: rank.priority, entryPoints, middlewares, service, tombstone };
    const tls = tlsOption === undefined ? {} : { tlsOption };
    return { ...settled, ...tls, children: below.map((child) => child.id) };
  });
}

function reportedService(service: Service): ReportedService {
  const { id, type, origin: object } = service;
  if (service.type === "weighted") return { id, type, object, port: null, endpoints: null, services: service.services };
  return { id, type, object, port: portOf(service.endpoints), endpoints: service.endpoints, services: [] };
}
