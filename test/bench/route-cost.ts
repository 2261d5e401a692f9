import { Compiler } from "../../src/control/graph/compiler.ts";
import { Publisher } from "../../src/control/publish/publisher.ts";
import { ObjectStore } from "../../src/control/store/object-store.ts";
import { matchers } from "../../src/extensions/matchers/registry.gen.ts";
import { middlewareModules } from "../../src/extensions/middlewares/registry.gen.ts";
import { encodeResource, SetHash } from "../../src/model/encode.ts";
import { compareRanks } from "../../src/model/rank.ts";
import type { EncodedResource, Resource } from "../../src/model/resource.ts";
import type { Router } from "../../src/model/router.ts";
import { Builder, type BuiltGeneration } from "../../src/proxy/build/builder.ts";
import { World } from "../../src/proxy/worker/world.ts";
import { compileRule } from "../../src/rules/compile.ts";
import type { RequestFacts } from "../../src/rules/request-facts.ts";
import { storedObject } from "../compile/world-edits.ts";
import { DEV_SETTINGS } from "../golden/world.ts";
import { seededRandom } from "../scenario/changes/change-script.ts";
import { percentile } from "./contract.ts";
import { heapMiB } from "./heap.ts";
import { type RouteWorld, resourcesOf, routerAt } from "./route-world.ts";

/** How many requests look for routes. */
const REQUESTS = 2_000;

/** How many edits are made, of one router each, all over the world. */
const EDITS = 50;

/** What a world costs: the operator, the build thread, a worker. */
export interface RouteCost {
  readonly name: string;
  readonly routes: number;
  /** The operator's: from objects to a snapshot, and one edit. */
  readonly compileMs: number;
  readonly editMs: number;
  readonly lookupNs: number;
  readonly scanNs: number;
  readonly buildMs: number;
  readonly takeMs: number;
  /** The slowest of the first lookups, which make what they find. */
  readonly firstMs: number;
  readonly changeMs: number;
  /** The slowest of the lookups right after the edits. */
  readonly afterMs: number;
  readonly sharedMiB: number;
  readonly heapMiB: number;
}

/** What a builder and a worker are made of. The upstream side is left out: services are nothing here. */
export const PARTS = {
  matchers,
  middlewares: middlewareModules,
  services: { create: () => null, update: () => {}, close: () => {} },
  onUnbuildable: (id: string, reason: string) => {
    throw new Error(`${id} cannot be built: ${reason}`);
  },
};

export function measureRoutes(world: RouteWorld): RouteCost {
  const { count } = world;
  const resources = resourcesOf(world);
  const encoded = resources.map(encodeResource);
  const random = seededRandom(count);
  const requests = Array.from({ length: REQUESTS }, (_, index) => world.requestAt(index, random));
  const builder = new Builder(PARTS);
  const sum = new SetHash();
  for (const { hash } of encoded) sum.add(hash);

  const [built, buildMs] = timed(() => apply(builder, encoded, sum));
  const beforeMiB = heapMiB();
  const worker = new World(PARTS);
  const [, takeMs] = timed(() => take(worker, built));
  const bit = worker.entryPointBit("web");
  const find = (facts: RequestFacts) => worker.route(bit, facts) !== null;
  const firstMs = Math.max(...requests.map((facts) => timed(() => find(facts))[1]));
  const lookupNs = nsPerRequest(requests, find, 20);
  const workerMiB = heapMiB() - beforeMiB;
  check(worker, bit, resources, requests);
  builder.settle(1);
  return {
    name: world.name,
    routes: count,
    ...measureCompile(world),
    lookupNs,
    scanNs: measureScan(resources, requests, count),
    buildMs,
    takeMs,
    firstMs,
    ...measureChanges(builder, worker, sum, world, requests),
    sharedMiB:
      [...built.update.index, ...built.update.resources].reduce((bytes, shard) => bytes + shard.bytes.byteLength, 0) / 2 ** 20,
    heapMiB: workerMiB,
  };
}

/** What the operator makes of the same rules: all of them, and the mean of some edits. */
function measureCompile({ count, ruleAt }: RouteWorld): Pick<RouteCost, "compileMs" | "editMs"> {
  const store = new ObjectStore();
  store.apply(storedObject("Service", "bench", "s", { spec: { ports: [{ name: "http", port: 80 }] } }));
  const put = (index: number, priority?: number) => {
    const routes = [
      { match: ruleAt(index), services: [{ name: "s", port: 80 }], ...(priority === undefined ? {} : { priority }) },
    ];
    store.apply(storedObject("IngressRoute", "bench", `r${index}`, { spec: { routes } }));
  };
  for (let index = 0; index < count; index++) put(index);
  store.takeChanges();
  const [compiler, publisher] = [new Compiler(DEV_SETTINGS), new Publisher()];
  const [, compileMs] = timed(() => publisher.publish(compiler.update(store, "all").changes));
  const [, editsMs] = timed(() => {
    for (let edit = 0; edit < EDITS; edit++) {
      put(Math.floor((edit * count) / EDITS), 10_000 + edit);
      publisher.publish(compiler.update(store, store.takeChanges()).changes);
    }
  });
  return { compileMs, editMs: editsMs / EDITS };
}

/** Has the build thread's builder take resources in; throws when it refuses one. `sum` is the hash of all that it then holds. */
export function apply(builder: Builder, upserts: readonly EncodedResource[], sum: SetHash): BuiltGeneration {
  const built = builder.apply({ version: sum.hex(), reset: false, upserts, removals: [] });
  if (!built.ok) throw new Error(built.error);
  if (built.value.refused.length > 0) throw new Error(`refused: ${JSON.stringify(built.value.refused[0])}`);
  return built.value;
}

/** Has a worker switch to what was built. */
export function take(world: World<null>, { update }: BuiltGeneration): void {
  world.prepare(update);
  world.switch(update.sequence);
}

/** The mean of some edits, and the slowest of the lookups that follow. */
function measureChanges(
  builder: Builder,
  worker: World<null>,
  sum: SetHash,
  world: RouteWorld,
  requests: readonly RequestFacts[],
): Pick<RouteCost, "changeMs" | "afterMs"> {
  const bit = worker.entryPointBit("web");
  const held = new Map(builder.held().map(({ id, hash }) => [id, hash]));
  let [totalMs, afterMs] = [0, 0];
  for (let i = 0; i < EDITS; i++) {
    const edited = encodeResource(routerAt(world, Math.floor((i * world.count) / EDITS), i + 1));
    const former = held.get(edited.id);
    if (former !== undefined) sum.remove(former);
    held.set(edited.id, edited.hash);
    sum.add(edited.hash);
    const [built, ms] = timed(() => {
      const generation = apply(builder, [edited], sum);
      take(worker, generation);
      return generation;
    });
    builder.settle(built.update.sequence);
    totalMs += ms;
    for (const facts of requests.slice(0, 20)) afterMs = Math.max(afterMs, timed(() => worker.route(bit, facts))[1]);
  }
  return { changeMs: totalMs / EDITS, afterMs };
}

type Scan = (facts: RequestFacts) => Router | undefined;

function scanOf(resources: readonly Resource[]): Scan {
  const routers = resources
    .filter((resource): resource is Router => "rule" in resource)
    .sort((a, b) => compareRanks(a.rank, b.rank));
  const tests = routers.map((router) => compileRule(router.rule, matchers));
  return (facts) => routers[tests.findIndex((test) => test(facts))];
}

function measureScan(resources: readonly Resource[], requests: readonly RequestFacts[], count: number): number {
  const scan = scanOf(resources);
  const some = requests.slice(0, Math.max(20, Math.min(requests.length, 2_000_000 / count)));
  return nsPerRequest(some, (facts) => scan(facts) !== undefined, count < 10_000 ? 20 : 3);
}

/** Both ways must find the same router. */
function check(world: World<null>, bit: number, resources: readonly Resource[], requests: readonly RequestFacts[]): void {
  const scan = scanOf(resources);
  for (const facts of requests.slice(0, 200)) {
    const [indexed, scanned] = [world.route(bit, facts)?.data.id, scan(facts)?.id];
    if (indexed !== scanned)
      throw new Error(`${facts.method} ${facts.host}${facts.path}: index says ${indexed}, scan says ${scanned}`);
  }
}

/** The median over rounds, since other work on the machine makes single rounds slow. The first round, which makes things, does not count. */
function nsPerRequest(requests: readonly RequestFacts[], find: (facts: RequestFacts) => boolean, rounds: number): number {
  let found = 0;
  const round = () => {
    for (const facts of requests) if (find(facts)) found++;
  };
  round();
  const times = Array.from({ length: rounds }, () => timed(round)[1]).sort((a, b) => a - b);
  if (found === 0) throw new Error("no request found a route");
  return (percentile(times, 0.5) * 1e6) / requests.length;
}

function timed<T>(work: () => T): [T, number] {
  const started = performance.now();
  const value = work();
  return [value, performance.now() - started];
}
