import { parseArgs } from "node:util";
import { type Bench, table } from "./contract.ts";
import { HARD_SETS } from "./hard-worlds.ts";
import { measureRoutes, type RouteCost } from "./route-cost.ts";
import { teams } from "./route-world.ts";

const USAGE = `npm run -s bench -- routes [--sizes N,N,...] [--hard] [--json]

What finding a route costs as the number of routes grows: by the index that proxies use, and by trying all rules in order. Then the
same for sets of rules that are hard on a router, at growing sizes: what must stay bounded in time and memory.

  lookup   ns for one lookup in a warm worker
  scan     ns for one lookup by trying every rule in the order of ranks
  first    ms of the slowest of 2,000 first lookups, which make what they find
  build    ms the build thread needs for the whole world, from bytes to segments
  take     ms a worker needs to prepare and switch to it
  change   ms from one changed router's bytes to a switched worker
  after    ms of the slowest lookup after such a change
  compile  ms the operator needs for the whole world, from objects to a snapshot
  edit     ms the operator needs for one edit
  shared   MiB of segments, which all workers share
  heap     MiB of a worker's own heap once 2,000 requests went through

  --sizes  numbers of routes (10,1000,10000,100000)
  --hard   the hard sets alone
  --json   one line of JSON instead of the tables
`;

export const routes: Bench = {
  name: "routes",
  summary: "cost of finding a route at 10 to 100,000 routes",
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        sizes: { type: "string", default: "10,1000,10000,100000" },
        hard: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help) return print(USAGE);
    const sizes = values.hard ? [] : values.sizes.split(",").map(Number);
    const rows = sizes.map((size) => measureRoutes(teams(size)));
    const hard = HARD_SETS.flatMap((set) => set.sizes.map((size) => measureRoutes(set.world(size))));
    if (values.json) return print(`${JSON.stringify({ bench: "routes", rows, hard })}\n`);
    return print(
      `${[rows, hard]
        .filter((some) => some.length > 0)
        .map(shown)
        .join("\n\n")}\n`,
    );
  },
};

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function shown(rows: readonly RouteCost[]): string {
  const head = ["rules", "routes", "lookup ns", "scan ns", "first ms", "build ms", "take ms", "change ms", "after ms"];
  const more = ["compile ms", "edit ms", "shared MiB", "heap MiB"];
  const cells = rows.map((row) => [
    row.name,
    row.routes.toLocaleString("en"),
    row.lookupNs.toFixed(0),
    row.scanNs.toFixed(0),
    row.firstMs.toFixed(1),
    row.buildMs.toFixed(1),
    row.takeMs.toFixed(1),
    row.changeMs.toFixed(2),
    row.afterMs.toFixed(2),
    row.compileMs.toFixed(0),
    row.editMs.toFixed(2),
    row.sharedMiB.toFixed(1),
    row.heapMiB.toFixed(1),
  ]);
  return table([[...head, ...more], ...cells]);
}
