import { matchers } from "../extensions/matchers/registry.gen.ts";
import { middlewareModules } from "../extensions/middlewares/registry.gen.ts";
import { assert } from "../kernel/assert.ts";
import { encodeResource, SetHash } from "../model/encode.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { resourceType } from "../model/ids.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import type { Resource } from "../model/resource.ts";
import type { Router } from "../model/router.ts";
import type { ServersTransport } from "../model/servers-transport.ts";
import { Builder } from "../proxy/build/builder.ts";
import { layerUnder } from "../proxy/route/index-keys.ts";
import { makeLayer } from "../proxy/route/route-table.ts";
import { World } from "../proxy/worker/world.ts";
import { compileRule, type Predicate } from "../rules/compile.ts";
import type { RequestFacts } from "../rules/request-facts.ts";
import { childrenByParent, routersOf } from "./graph-report.ts";

/** A compiled graph, ready for questions: quickly, by the proxy's own index, or router by router. */
export class RoutingTable {
  readonly graph: RoutingGraph;
  readonly #predicates = new Map<Router, Predicate>();
  #routers: readonly Router[] | null = null;
  #problems: ReadonlyMap<string, readonly Problem[]> | null = null;
  #world: World<true> | null = null;
  #children: ReadonlyMap<string, readonly Router[]> | null = null;

  constructor(graph: RoutingGraph) {
    this.graph = graph;
  }

  /** In the order they are tried. */
  get routers(): readonly Router[] {
    this.#routers ??= routersOf(this.graph);
    return this.#routers;
  }

  /** The routers served on an entry point, in the order they are tried. */
  rootsOn(entryPoint: string): readonly Router[] {
    return this.routers.filter((router) => router.entryPoints.includes(entryPoint));
  }

  /** The routers under one, in the order they are tried. */
  childrenOf(parent: Router): readonly Router[] {
    this.#children ??= childrenByParent(this.routers);
    return parent.isParent === true ? (this.#children.get(objectKey(parent.origin)) ?? []) : [];
  }

  /** The router that takes a request, as the proxy finds it; null when none does. The first question builds the index. */
  find(entryPoint: string, facts: RequestFacts): Router | null {
    this.#world ??= worldOf(this.graph);
    return this.#routerOf(this.#world.route(this.#world.entryPointBit(entryPoint), facts));
  }

  /** As `find`, of the routers under one that has children. */
  findChild(parent: Router, facts: RequestFacts): Router | null {
    this.#world ??= worldOf(this.graph);
    return this.#routerOf(this.#world.child(makeLayer(layerUnder(parent.origin)), facts));
  }

  /** Whether a request fulfils the rule of a router, entry points aside. */
  holds(router: Router, facts: RequestFacts): boolean {
    let predicate = this.#predicates.get(router);
    if (predicate === undefined) {
      predicate = compileRule(router.rule, matchers);
      this.#predicates.set(router, predicate);
    }
    return predicate(facts);
  }

  /** What is wrong with an object. */
  problemsOf(object: ObjectRef): readonly Problem[] {
    this.#problems ??= Map.groupBy(this.graph.problems, (problem) => objectKey(problem.object));
    return this.#problems.get(objectKey(object)) ?? [];
  }

  #routerOf(found: { readonly data: Router } | null): Router | null {
    return found === null ? null : (this.graph.resources.get(found.data.id) as Router);
  }
}

/** A tool has been given no keys. */
function withoutKeys(resource: Resource): Resource {
  if (resourceType(resource.id) !== "serversTransport") return resource;
  const { certificates: _, ...rest } = resource as ServersTransport;
  return rest;
}

/** What a worker of the proxy would hold, without certificates, which no route depends on, and without upstreams. */
function worldOf(graph: RoutingGraph): World<true> {
  const resources = [...graph.resources.values()].filter(({ id }) => resourceType(id) !== "certificate");
  const upserts = resources.map((resource) => encodeResource(withoutKeys(resource)));
  const version = new SetHash();
  for (const { hash } of upserts) version.add(hash);
  const parts = { matchers, middlewares: middlewareModules };
  const built = new Builder(parts).apply({ version: version.hex(), reset: true, upserts, removals: [] });
  assert(built.ok, "what was encoded just now is intact");
  const services = { create: () => true as const, update: () => {}, close: () => {} };
  const world = new World<true>({ ...parts, services, onUnbuildable: () => {} });
  world.prepare(built.value.update);
  world.switch(built.value.update.sequence);
  return world;
}
