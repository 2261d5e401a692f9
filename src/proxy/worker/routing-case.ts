import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { AnyMiddlewareModule } from "../../extensions/middlewares/contract.ts";
import { encodeResource, SetHash } from "../../model/encode.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { Rank } from "../../model/rank.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import type { Endpoints, LoadBalancer } from "../../model/service.ts";
import type { Refusal } from "../../model/snapshot.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import { Builder } from "../build/builder.ts";
import type { GenerationUpdate } from "../messages.ts";
import type { ServiceFactory, ServicePlan } from "./live-service.ts";
import { World } from "./world.ts";

/** Makes resources and worlds for tests: a builder and a world in one thread, and a live service that only remembers. */

/** A live service that records what it was told. */
export interface RecordedService {
  readonly number: number;
  readonly plans: ServicePlan<RecordedService>[];
  isClosed: boolean;
}

/** A builder and a world that follows it. */
export class RoutingCase {
  readonly builder: Builder;
  readonly world: World<RecordedService>;
  readonly unbuildable: string[] = [];
  #services = 0;
  readonly #resources = new Map<ResourceId, Resource>();

  constructor(middlewares: ReadonlyMap<string, AnyMiddlewareModule> = new Map()) {
    this.builder = new Builder({ matchers, middlewares });
    const services: ServiceFactory<RecordedService> = {
      create: (plan) => ({ number: this.#services++, plans: [plan], isClosed: false }),
      update: (service, plan) => void service.plans.push(plan),
      close: (service) => {
        service.isClosed = true;
      },
    };
    this.world = new World({ matchers, middlewares, services, onUnbuildable: (id) => this.unbuildable.push(id) });
  }

  /** Builds a change without making it live. */
  build(
    upserts: readonly Resource[],
    removals: readonly ResourceId[] = [],
  ): { update: GenerationUpdate; refused: readonly Refusal[] } {
    for (const id of removals) this.#resources.delete(id);
    for (const resource of upserts) this.#resources.set(resource.id, resource);
    const version = new SetHash();
    for (const resource of this.#resources.values()) version.add(encodeResource(resource).hash);
    const built = this.builder.apply({ version: version.hex(), reset: false, upserts: upserts.map(encodeResource), removals });
    if (!built.ok) throw new Error(built.error);
    return built.value;
  }

  /** Builds a change and makes it live. Returns what was refused. */
  apply(upserts: readonly Resource[], removals: readonly ResourceId[] = []): readonly Refusal[] {
    const { update, refused } = this.build(upserts, removals);
    this.world.prepare(update);
    this.world.switch(update.sequence);
    this.builder.settle(update.sequence);
    return refused;
  }

  /** The id of the router that gets a request, or null. */
  winner(facts: RequestFacts, entryPoint = "web"): ResourceId | null {
    return this.world.route(this.world.entryPointBit(entryPoint), facts)?.data.id ?? null;
  }
}

export function entryPoint(name: string): EntryPoint {
  const id = resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "test" }, name);
  return { id, name, host: "127.0.0.1", port: 0, tls: false, trustedProxies: [] };
}

/** A router named `name` of the service named `name`. */
export function router(name: string, rule: Rule, rank: Partial<Rank> = {}, rest: Partial<Router> = {}): Router {
  const origin = { kind: "IngressRoute", namespace: "test", name };
  const zero: Rank = {
    priority: 0,
    host: 0,
    path: 0,
    pathLength: 0,
    predicates: 0,
    createdAtMs: 0,
    object: `test/${name}`,
    index: 0,
  };
  return {
    id: resourceId("router", origin),
    origin,
    entryPoints: ["web"],
    rule,
    ruleText: "",
    rank: { ...zero, ...rank },
    middlewares: [],
    service: serviceId(name),
    tombstone: null,
    ...rest,
  };
}

export function serviceId(name: string): ResourceId<"service"> {
  return resourceId("service", { kind: "Service", namespace: "test", name }, "80");
}

/** A service and its endpoints, on as many servers as ports are given. */
export function serviceWithEndpoints(name: string, ports: readonly number[]): [LoadBalancer, Endpoints] {
  const origin = { kind: "Service", namespace: "test", name };
  const endpoints = resourceId("endpoints", origin, "80");
  return [
    { type: "loadBalancer", id: serviceId(name), origin, endpoints, scheme: "http", passHostHeader: true, clusterIP: null },
    { id: endpoints, origin, servers: ports.map((port) => ({ address: "127.0.0.1", port })) },
  ];
}

export function match(matcher: string, ...args: string[]): Rule {
  return { op: "match", matcher, args };
}

export function facts(host: string, path: string, method = "GET", headers: Readonly<Record<string, string>> = {}): RequestFacts {
  return {
    host,
    path,
    method,
    clientAddress: "127.0.0.1",
    headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    queryValues: () => [],
  };
}
