import { encodeResource, SetHash } from "../../src/model/encode.ts";
import { Builder } from "../../src/proxy/build/builder.ts";
import { World } from "../../src/proxy/worker/world.ts";
import type { RequestFacts } from "../../src/rules/request-facts.ts";
import { seededRandom } from "../scenario/changes/change-script.ts";
import { type Bench, table } from "./contract.ts";
import { flagsOf } from "./flags.ts";
import { type Interval, meanInterval } from "./interval.ts";
import { apply, PARTS, take } from "./route-cost.ts";
import { facts, type RouteWorld, resourcesOf, teams } from "./route-world.ts";

const SIZES = [10, 10_000, 100_000];
/** What the upper end of the interval must stay under. */
const GOAL_NS = 1_500;

/** Different requests; each round asks them `PASSES` times over. */
const REQUESTS = 2_000;
const PASSES = 10;
const WARM_UP_ROUNDS = 5;

const USAGE = `npm run -s bench -- lookup [options]

User CPU time to find the route of a request, in a warm worker: the mean over rounds and its 95 % confidence interval. Host and path are
strings just made of bytes, as in a request; what making them costs is measured in turn and taken off. Measured for the rules of many teams (ten kinds of rules, headers and methods
and regular expressions among them) and for plain ones (host and path prefix). Exits 1 when an interval reaches ${GOAL_NS} ns.

  --rounds  rounds of ${(REQUESTS * PASSES).toLocaleString("en")} lookups (40)
  --json    one line of JSON instead of the table
`;

interface LookupCost {
  readonly name: string;
  readonly routes: number;
  readonly ns: Interval;
}

export const lookup: Bench = {
  name: "lookup",
  summary: "user CPU to find a route, with its confidence interval",
  run: async (args) => {
    const flags = flagsOf(args, USAGE, { rounds: 40 });
    if (flags === null) return 0;
    const rows = [teams, plain].flatMap((world) => SIZES.map((size) => measure(world(size), flags.rounds)));
    process.stdout.write(`${flags.json ? JSON.stringify({ bench: "lookup", rows }) : shown(rows)}\n`);
    return rows.every(({ ns }) => ns.high < GOAL_NS) ? 0 : 1;
  },
};

/** Five services a host, told apart by a prefix of the path. */
function plain(count: number): RouteWorld {
  const hostOf = (index: number) => `app-${Math.floor(index / 5)}.example.com`;
  return {
    name: "plain",
    count,
    ruleAt: (index) => `Host(\`${hostOf(index)}\`) && PathPrefix(\`/service-${index % 5}/\`)`,
    requestAt: (_, random) => {
      const index = Math.floor(random() * count);
      return facts(hostOf(index), `/service-${index % 5}/orders/${index}`);
    },
  };
}

function measure(world: RouteWorld, rounds: number): LookupCost {
  const encoded = resourcesOf(world).map(encodeResource);
  const sum = new SetHash();
  for (const { hash } of encoded) sum.add(hash);
  const worker = new World(PARTS);
  take(worker, apply(new Builder(PARTS), encoded, sum));
  const bit = worker.entryPointBit("web");
  const random = seededRandom(world.count);
  const requests = Array.from({ length: REQUESTS }, (_, index) => freshly(world.requestAt(index, random)));
  let found = 0;
  const find = (request: FreshRequest) => {
    if (worker.route(bit, request.renew()) !== null) found++;
  };
  let chars = 0;
  const renew = (request: FreshRequest) => {
    chars += request.renew().host.length;
  };
  const round = () => userNsOf(requests, find) - userNsOf(requests, renew);
  for (let i = 0; i < WARM_UP_ROUNDS; i++) round();
  const ns = meanInterval(Array.from({ length: rounds }, round));
  if (found === 0 || chars === 0) throw new Error("no request found a route");
  return { name: world.name, routes: world.count, ns };
}

/** User CPU of one lookup, by asking all requests `PASSES` times. */
function userNsOf(requests: readonly FreshRequest[], work: (request: FreshRequest) => void): number {
  const begin = process.cpuUsage();
  for (let pass = 0; pass < PASSES; pass++) for (const request of requests) work(request);
  return (process.cpuUsage(begin).user * 1_000) / (PASSES * requests.length);
}

/** A request whose host and path are made of bytes again each time it is asked for, as an exchange does. */
interface FreshRequest {
  renew(): RequestFacts;
}

function freshly(request: RequestFacts): FreshRequest {
  const [host, path] = [Buffer.from(request.host, "latin1"), Buffer.from(request.path, "latin1")];
  const facts = { ...request };
  return {
    renew: () => {
      facts.host = host.toString("latin1");
      facts.path = path.toString("latin1");
      return facts;
    },
  };
}

function shown(rows: readonly LookupCost[]): string {
  const cells = rows.map(({ name, routes, ns }) => [
    name,
    routes.toLocaleString("en"),
    ns.mean.toFixed(0),
    `${ns.low.toFixed(0)}-${ns.high.toFixed(0)}`,
    `< ${GOAL_NS}`,
  ]);
  return table([["rules", "routes", "user ns", "95 % interval", "goal"], ...cells]);
}
