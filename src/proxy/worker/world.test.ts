import fc from "fast-check";
import { expect, test } from "vitest";
import type { AnyMiddlewareModule, Hooks } from "../../extensions/middlewares/contract.ts";
import type { Certificate } from "../../model/certificate.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { Middleware } from "../../model/middleware.ts";
import type { Resource } from "../../model/resource.ts";
import type { Weighted } from "../../model/service.ts";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import type { LiveRouter } from "./live-router.ts";
import { SERVICE_NESTING_MAX } from "./live-services.ts";
import {
  entryPoint,
  facts,
  match,
  type RecordedService,
  RoutingCase,
  router,
  serviceId,
  serviceWithEndpoints,
} from "./routing-case.ts";

const PAIR = await makeDefaultCertificate(Date.now());
const HOST = match("Host", "shop.test");

function live(world: RoutingCase, path = "/", entryPointName = "web"): LiveRouter<RecordedService> | null {
  return world.world.route(world.world.entryPointBit(entryPointName), facts("shop.test", path));
}

function middleware(name: string, config: unknown, kind = "known"): Middleware {
  const origin = { kind: "Middleware", namespace: "test", name };
  return { id: resourceId("middleware", origin), origin, kind, config };
}

/** A kind whose instances show their config. `fails` is a kind that cannot be created where workers are. */
function kinds(): ReadonlyMap<string, AnyMiddlewareModule> {
  const known = {
    kind: "known",
    prepare: () => ({ ok: true as const, value: null }),
    create: (config: unknown): Hooks => ({ config }) as Hooks,
  };
  return new Map([["known", known as AnyMiddlewareModule]]);
}

test("nothing is live before the switch, and a generation that is forgotten never is", () => {
  const world = new RoutingCase();
  const { update } = world.build([entryPoint("web"), router("a", HOST), ...serviceWithEndpoints("a", [80])]);
  expect(live(world)).toBe(null);
  world.world.prepare(update);
  expect(live(world)).toBe(null);
  world.world.forget(update.sequence);
  expect(() => world.world.switch(update.sequence)).toThrow("prepared before the switch");
  world.apply([router("b", match("Host", "other.test"))]);
  expect(live(world)?.data.origin.name).toBe("a");
  expect(world.world.sequence).toBe(2);
  expect(world.world.version).toBe(world.builder.version);
});

test("an exchange's router stays as it was when the configuration changes", () => {
  const world = new RoutingCase();
  world.apply([entryPoint("web"), router("a", HOST), ...serviceWithEndpoints("a", [80])]);
  const before = live(world);
  expect(live(world)).toBe(before);
  world.apply([router("a", HOST, {}, { ruleText: "changed" })]);
  expect(before?.data.ruleText).toBe("");
  expect(live(world)).not.toBe(before);
  expect(live(world)?.data.ruleText).toBe("changed");
  expect(live(world)?.service).toBe(before?.service);
});

test("what has nothing to do with a router leaves it as it is", () => {
  const world = new RoutingCase();
  world.apply([entryPoint("web"), router("a", HOST), ...serviceWithEndpoints("a", [80])]);
  const before = live(world);
  world.apply([router("b", match("Host", "other.test")), ...serviceWithEndpoints("b", [81])]);
  expect(live(world)).toBe(before);
  expect(before?.service?.plans).toHaveLength(1);
});

test("endpoints change the live service, not its identity, and not the router", () => {
  const world = new RoutingCase();
  world.apply([entryPoint("web"), router("a", HOST), ...serviceWithEndpoints("a", [80])]);
  const before = live(world);
  world.apply([serviceWithEndpoints("a", [80, 81])[1]]);
  expect(live(world)).toBe(before);
  const plans = before?.service?.plans ?? [];
  expect(plans.map((plan) => plan.type === "loadBalancer" && plan.endpoints.servers.map((server) => server.port))).toEqual([
    [80],
    [80, 81],
  ]);
  world.apply([], [serviceWithEndpoints("a", [])[1].id]);
  expect(live(world)).toBe(before);
  expect(plans.at(-1)).toMatchObject({ type: "loadBalancer", endpoints: { servers: [] } });
});

test("a middleware's instance lives as long as its own options are the same", () => {
  const world = new RoutingCase(kinds());
  const [one, two] = [middleware("one", 1), middleware("two", 2)];
  const withBoth = router("a", HOST, {}, { middlewares: [one.id, two.id] });
  world.apply([entryPoint("web"), one, two, withBoth, ...serviceWithEndpoints("a", [80])]);
  const [hooksOne, hooksTwo] = live(world)?.middlewares ?? [];
  expect([hooksOne, hooksTwo]).toEqual([{ config: 1 }, { config: 2 }]);
  world.apply([middleware("two", 3), { ...withBoth, ruleText: "changed" }]);
  expect(live(world)?.middlewares[0]).toBe(hooksOne);
  expect(live(world)?.middlewares[1]).toEqual({ config: 3 });
});

test("a router that lacks something keeps its traffic and has no service, until it is there", () => {
  const world = new RoutingCase(kinds());
  const one = middleware("one", 1);
  const unknown = middleware("one", 1, "unknown");
  const guarded = router("guarded", match("Path", "/a"), { priority: 2 }, { middlewares: [one.id] });
  const broad = router("broad", HOST, { priority: 1 });
  world.apply([entryPoint("web"), guarded, broad, ...serviceWithEndpoints("broad", [80])]);
  expect(live(world, "/a")).toMatchObject({ data: { origin: { name: "guarded" } }, service: null, middlewares: [] });
  world.apply([one]);
  expect(live(world, "/a")).toMatchObject({ service: null });
  world.apply(serviceWithEndpoints("guarded", [81]));
  expect(live(world, "/a")).toMatchObject({ middlewares: [{ config: 1 }], service: {} });
  expect(world.apply([unknown])).toEqual([{ id: one.id, reason: 'the middleware kind "unknown" is not known here' }]);
  expect(live(world, "/a")).toMatchObject({ data: { origin: { name: "guarded" } }, service: null });
  world.apply([one, { ...guarded, tombstone: ["MiddlewareNotFound"], service: null }]);
  expect(live(world, "/a")).toMatchObject({ data: { origin: { name: "guarded" } }, service: null, middlewares: [] });
  expect(live(world, "/b")).toMatchObject({ data: { origin: { name: "broad" } }, service: {} });
});

test("a middleware that only fails in a worker makes tombstones, and is told once", () => {
  let isBroken = false;
  const create = () => {
    if (isBroken) throw new Error("no");
    return {};
  };
  const fragile = { kind: "known", prepare: () => ({ ok: true as const, value: null }), create };
  const world = new RoutingCase(new Map([["known", fragile as AnyMiddlewareModule]]));
  const one = middleware("one", 1);
  world.apply([entryPoint("web"), one, router("a", HOST, {}, { middlewares: [one.id] }), ...serviceWithEndpoints("a", [80])]);
  isBroken = true;
  expect(live(world)?.service).toBe(null);
  world.apply([router("b", match("Host", "other.test"))]);
  expect(live(world)?.service).toBe(null);
  expect(world.unbuildable).toEqual([one.id]);
});

test("a weighted service follows its members and keeps its identity", () => {
  const world = new RoutingCase();
  const weighted = (weights: Record<string, number>): Weighted => ({
    type: "weighted",
    id: serviceId("a"),
    origin: { kind: "FairwayService", namespace: "test", name: "a" },
    services: Object.entries(weights).map(([name, weight]) => ({ service: serviceId(name), weight })),
  });
  world.apply([entryPoint("web"), router("a", HOST), weighted({ x: 1, y: 3 }), ...serviceWithEndpoints("x", [80])]);
  const service = live(world)?.service;
  const [x] = service?.plans[0]?.type === "weighted" ? service.plans[0].members : [];
  expect(service?.plans).toMatchObject([
    {
      type: "weighted",
      members: [
        { weight: 1, service: {} },
        { weight: 3, service: null },
      ],
    },
  ]);
  world.apply(serviceWithEndpoints("y", [81]));
  expect(live(world)?.service).toBe(service);
  expect(service?.plans[1]).toMatchObject({ members: [x, { weight: 3, service: {} }] });
  world.apply([serviceWithEndpoints("x", [82])[1]]);
  expect(live(world)?.service).toBe(service);
  expect(service?.plans).toHaveLength(2);
  expect(x?.service?.plans).toHaveLength(2);
  world.apply(serviceWithEndpoints("a", [83]));
  expect(live(world)?.service).not.toBe(service);
  expect(service?.isClosed).toBe(true);
});

test("a service that leads back to itself is built once, and has no service where the circle closes", () => {
  const world = new RoutingCase();
  const weighted = (name: string, member: string): Weighted => ({
    type: "weighted",
    id: serviceId(name),
    origin: { kind: "FairwayService", namespace: "test", name },
    services: [{ service: serviceId(member), weight: 1 }],
  });
  world.apply([entryPoint("web"), router("a", HOST), weighted("a", "b"), weighted("b", "a")]);
  const a = live(world)?.service;
  const b = a?.plans[0]?.type === "weighted" ? a.plans[0].members[0]?.service : null;
  expect(b?.plans).toMatchObject([{ type: "weighted", members: [{ service: null }] }]);
  expect([a?.number, b?.number].sort()).toEqual([0, 1]);
  world.apply([router("b", match("Path", "/b"), { priority: 1 }, { service: serviceId("b") })]);
  expect(live(world, "/b")?.service).toBe(b);
  expect(live(world)?.service).toBe(a);
  expect(world.world.liveCount).toBe(4);
});

test("weighted services that stand deeper in one another than the limit have no service there", () => {
  const nest = (depth: number) => {
    const world = new RoutingCase();
    const services = Array.from(
      { length: depth },
      (_, i): Weighted => ({
        type: "weighted",
        id: serviceId(i === 0 ? "a" : `s${i}`),
        origin: { kind: "FairwayService", namespace: "test", name: `s${i}` },
        services: [{ service: serviceId(`s${i + 1}`), weight: 1 }],
      }),
    );
    world.apply([entryPoint("web"), router("a", HOST), ...services, ...serviceWithEndpoints(`s${depth}`, [80])]);
    let service = live(world)?.service ?? null;
    while (service !== null && service.plans[0]?.type === "weighted") service = service.plans[0].members[0]?.service ?? null;
    return service?.plans[0]?.type ?? null;
  };
  expect(nest(SERVICE_NESTING_MAX)).toBe("loadBalancer");
  expect(nest(SERVICE_NESTING_MAX + 1)).toBe(null);
});

test("what is gone is swept away in small steps, and what stays is kept", () => {
  const world = new RoutingCase(kinds());
  const one = middleware("one", 1);
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  const routers = names.map((name) => router(name, match("Path", `/${name}`), {}, { middlewares: [one.id] }));
  world.apply([entryPoint("web"), one, ...routers, ...names.flatMap((name) => serviceWithEndpoints(name, [80]))]);
  const services = names.map((name) => live(world, `/${name}`)?.service);
  expect(world.world.liveCount).toBe(21);
  while (world.world.sweep(5) > 0);
  expect(world.world.liveCount).toBe(21);
  const gone = names.slice(0, 9);
  world.apply(
    [],
    gone.flatMap((name): ResourceId[] => [router(name, HOST).id, ...serviceWithEndpoints(name, []).map((one) => one.id)]),
  );
  expect(world.world.sweep(5)).toBe(5);
  expect(world.world.liveCount).toBe(16);
  while (world.world.sweep(5) > 0);
  expect(world.world.liveCount).toBe(3);
  expect(services.map((service) => service?.isClosed)).toEqual([...gone.map(() => true), false]);
  expect(world.world.sweep(5)).toBe(0);
});

test("an entry point keeps its bit while it is live, and routers see one that comes later", () => {
  const world = new RoutingCase();
  world.apply([entryPoint("web"), router("a", HOST, {}, { entryPoints: ["late", "web"] })]);
  const bit = world.world.entryPointBit("web");
  expect(bit).not.toBe(0);
  expect(live(world)?.data.origin.name).toBe("a");
  expect(world.world.entryPointBit("late")).toBe(0);
  expect(live(world, "/", "late")).toBe(null);
  world.apply([entryPoint("late"), entryPoint("another")]);
  expect(world.world.entryPointBit("web")).toBe(bit);
  expect(live(world, "/", "late")?.data.origin.name).toBe("a");
  expect(live(world, "/", "another")).toBe(null);
  world.apply([], [entryPoint("late").id]);
  expect(world.world.entryPointBit("late")).toBe(0);
  expect(world.world.entryPoints.map((one) => one.name)).toEqual(["another", "web"]);
});

test("certificates are found by name, the exact name first, and known apart by their fingerprint", () => {
  const world = new RoutingCase();
  const certificate = (name: string, names: string[]): Certificate => {
    const origin = { kind: "Secret", namespace: "test", name };
    return { id: resourceId("certificate", origin), origin, names, ...PAIR };
  };
  const wild = certificate("a-wild", ["*.shop.test", "shop.test"]);
  const exact = certificate("exact", ["www.shop.test"]);
  expect(world.apply([wild, exact])).toEqual([]);
  const { tls } = world.world;
  const found = (name: string) => tls.certificatesFor(name).map(({ id }) => id);
  expect(found("www.shop.test")).toEqual([exact.id]);
  expect(found("shop.test")).toEqual([wild.id]);
  expect(found("a.b.shop.test")).toEqual([]);
  const before = tls.fingerprintOf(exact.id);
  expect(tls.certificate(exact.id)).toEqual(exact);
  world.apply([{ ...exact, names: ["other.test"] }]);
  expect(found("www.shop.test")).toEqual([wild.id]);
  expect(tls.fingerprintOf(exact.id)).not.toBe(before);
  world.apply([], [exact.id]);
  expect(tls.certificate(exact.id)).toBe(null);
});

test("whatever changed and whatever was used in between, a request meets what a new world would make", () => {
  const steps = fc.array(fc.record({ edits: fc.array(anEdit, { maxLength: 3 }), uses: fc.array(aName) }), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (all) => {
      const resources = new Map<ResourceId, Resource>();
      const world = new RoutingCase(kinds());
      const apply = (to: RoutingCase, edits: readonly Edit[]) => {
        const upserts = new Map(edits.flatMap((edit) => edit.puts).map((resource) => [resource.id, resource]));
        const removals = edits.flatMap((edit) => edit.takes).filter((id) => resources.has(id) && !upserts.has(id));
        for (const id of removals) resources.delete(id);
        for (const [id, resource] of upserts) resources.set(id, resource);
        to.apply([...upserts.values()], [...new Set(removals)]);
      };
      apply(world, [{ puts: [entryPoint("web"), ...NAMES.map((name) => routerOf(name, name, name))], takes: [] }]);
      for (const { edits, uses } of all) {
        apply(world, edits);
        for (const name of uses) live(world, `/${name}`);
      }
      const fresh = new RoutingCase(kinds());
      fresh.apply([...resources.values()]);
      for (const name of NAMES) expect(met(world, name), name).toEqual(met(fresh, name));
    }),
  );
});

const NAMES = ["a", "b", "c", "d"] as const;
const aName = fc.constantFrom(...NAMES);

interface Edit {
  readonly puts: readonly Resource[];
  readonly takes: readonly ResourceId[];
}

/** Routers, what they refer to, and what that refers to; `d` may be a choice among the others. */
const anEdit: fc.Arbitrary<Edit> = fc
  .record({ what: fc.nat(8), name: aName, service: aName, middleware: aName, value: fc.nat(2) })
  .map(({ what, name, service, middleware: by, value }) => {
    const [balancer, endpoints] = serviceWithEndpoints(name, [80 + value]);
    const instance = middleware(name, { value });
    const services = ["a", by === "d" ? "b" : by].map((member) => ({ service: serviceId(member), weight: value }));
    const choice: Weighted = { type: "weighted", id: serviceId("d"), origin: balancer.origin, services };
    const puts = [routerOf(name, service, by), choice, { ...balancer, passHostHeader: value > 0 }, endpoints, instance][what];
    return { puts: puts === undefined ? [] : [puts], takes: what < 5 ? [] : [[balancer, endpoints, instance][what % 3]!.id] };
  });

function routerOf(name: string, service: string, by: string) {
  const rule = { op: "and" as const, terms: [HOST, match("Path", `/${name}`)] };
  const middlewares = [middleware(by, null).id as ResourceId<"middleware">];
  return router(name, rule, {}, { middlewares, service: serviceId(service) });
}

/** What a request meets: data alone, since live objects are others in each world. */
function met(world: RoutingCase, name: string): unknown {
  const found = live(world, `/${name}`);
  return [found?.data, found?.isTombstone, found?.middlewares, shown(found?.service ?? null)];
}

function shown(service: RecordedService | null): unknown {
  const plan = service?.plans.at(-1);
  return plan?.type === "weighted" ? [plan.service, plan.members.map((member) => shown(member.service))] : plan;
}
