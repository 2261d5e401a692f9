import { parseArgs } from "node:util";
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
import { seededRandom } from "../scenario/changes/change-script.ts";
import { type Bench, percentile, table } from "./contract.ts";
import { heapMiB } from "./heap.ts";
import { requestsFor, routerAt, worldOf } from "./route-world.ts";

const USAGE = `npm run -s bench -- routes [--sizes N,N,...] [--json]

What finding a route costs as the number of routes grows: by the index that proxies use, and by trying all rules in order.

  lookup   ns for one lookup in a warm worker
  scan     ns for one lookup by trying every rule in the order of ranks
  build    ms the build thread needs for the whole world, from bytes to segments
  take     ms a worker needs to prepare and switch to it
  change   ms from one changed router's bytes to a switched worker
  shared   MiB of segments, which all workers share
  heap     MiB of a worker's own heap once 2,000 requests went through

  --sizes  numbers of routes (10,1000,10000,100000)
  --json   one line of JSON instead of the table
`;

interface Row {
  readonly routes: number;
  readonly lookupNs: number;
  readonly scanNs: number;
  readonly buildMs: number;
  readonly takeMs: number;
  readonly changeMs: number;
  readonly sharedMiB: number;
  readonly heapMiB: number;
}

export const routes: Bench = {
  name: "routes",
  summary: "cost of finding a route at 10 to 100,000 routes",
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        sizes: { type: "string", default: "10,1000,10000,100000" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help) return print(USAGE);
    const rows = values.sizes.split(",").map((size) => measure(Number(size)));
    return print(`${values.json ? JSON.stringify({ bench: "routes", rows }) : shown(rows)}\n`);
  },
};

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function shown(rows: readonly Row[]): string {
  const head = ["routes", "lookup ns", "scan ns", "build ms", "take ms", "change ms", "shared MiB", "heap MiB"];
  const cells = rows.map((row) => [
    row.routes.toLocaleString("en"),
    row.lookupNs.toFixed(0),
    row.scanNs.toFixed(0),
    row.buildMs.toFixed(1),
    row.takeMs.toFixed(1),
    row.changeMs.toFixed(2),
    row.sharedMiB.toFixed(1),
    row.heapMiB.toFixed(1),
  ]);
  return table([head, ...cells]);
}

/** The upstream side is left out: services are nothing here. */
const PARTS = {
  matchers,
  middlewares: middlewareModules,
  services: { create: () => null, update: () => {}, close: () => {} },
  onUnbuildable: (id: string, reason: string) => {
    throw new Error(`${id} cannot be built: ${reason}`);
  },
};

function measure(count: number): Row {
  const resources = worldOf(count);
  const encoded = resources.map(encodeResource);
  const requests = requestsFor(count, seededRandom(count));
  const builder = new Builder(PARTS);
  const sum = new SetHash();
  for (const { hash } of encoded) sum.add(hash);

  const [built, buildMs] = timed(() => apply(builder, encoded, sum));
  const beforeMiB = heapMiB();
  const world = new World(PARTS);
  const [, takeMs] = timed(() => take(world, built));
  const bit = world.entryPointBit("web");
  const lookupNs = nsPerRequest(requests, (facts) => world.route(bit, facts) !== null, 200);
  const workerMiB = heapMiB() - beforeMiB;
  check(world, bit, resources, requests);
  builder.settle(1);
  const changeMs = measureChanges(builder, world, sum, count);
  return {
    routes: count,
    lookupNs,
    scanNs: measureScan(resources, requests, count),
    buildMs,
    takeMs,
    changeMs,
    sharedMiB:
      [...built.update.index, ...built.update.resources].reduce((bytes, shard) => bytes + shard.bytes.byteLength, 0) / 2 ** 20,
    heapMiB: workerMiB,
  };
}

function apply(builder: Builder, upserts: readonly EncodedResource[], sum: SetHash): BuiltGeneration {
  const built = builder.apply({ version: sum.hex(), reset: false, upserts, removals: [] });
  if (!built.ok) throw new Error(built.error);
  if (built.value.refused.length > 0) throw new Error(`refused: ${JSON.stringify(built.value.refused[0])}`);
  return built.value;
}

function take(world: World<null>, { update }: BuiltGeneration): void {
  world.prepare(update);
  world.switch(update.sequence);
}

/** The mean of 50 edits of one router each, all over the world. */
function measureChanges(builder: Builder, world: World<null>, sum: SetHash, count: number): number {
  const edits = 50;
  let totalMs = 0;
  for (let i = 0; i < edits; i++) {
    const index = Math.floor((i * count) / edits);
    const edited = encodeResource(routerAt(index, i + 1));
    const held = builder.held().find(({ id }) => id === edited.id);
    if (held !== undefined) sum.remove(held.hash);
    sum.add(edited.hash);
    const [built, ms] = timed(() => {
      const generation = apply(builder, [edited], sum);
      take(world, generation);
      return generation;
    });
    builder.settle(built.update.sequence);
    totalMs += ms;
  }
  return totalMs / edits;
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
