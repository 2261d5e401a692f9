import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cluster, succeeded } from "../../cluster/cluster.ts";
import { importImages, installFairway, makeImages } from "../../cluster/fairway-install.ts";
import { type Bench, percentile, table } from "../contract.ts";
import { wholeNumber, wrongFlag } from "../flags.ts";
import type { Interval } from "../interval.ts";
import type { Followed } from "./followed-changes.ts";

/** What can be measured by itself. */
const PARTS = ["changes", "burst", "proxy", "start"] as const;

const USAGE = `npm run -s bench -- cluster [options]

Starts a real one-node cluster with Fairway's image, as config/overlays/local installs it, and measures changes from the API server's
answer to the last worker of the last proxy, their CPU time, bursts, starts and memory. Needs what npm run test:cluster needs.

  --routes   IngressRoutes (5000)
  --proxies  proxies, each with one worker (10)
  --changes  route changes, endpoint changes, and endpoint changes with one proxy alone, followed one by one, in 20 blocks with a
             quiet time after each (100)
  --parts    some of ${PARTS.join(", ")}, with commas between (all); start alone, of an operator, takes a minute and a half
  --json     one line of JSON instead of the table
`;

interface Memory {
  readonly operatorMiB: number;
  readonly proxyMiB: number;
}

/** What `inside.ts` prints: of each part that was asked for. */
interface Measured {
  readonly ofRoutes?: Followed;
  readonly ofEndpoints?: Followed;
  /** With one proxy alone: what an operator and a proxy cost, without the others that the operator serves. */
  readonly ofEndpointsAlone?: Followed;
  readonly ofBurst?: { readonly appliedMs: number; readonly liveMs: number; readonly statusMs: number };
  readonly small?: Memory;
  readonly large?: Memory;
  readonly proxyStartMs?: number;
  readonly ofColdStart?: { readonly servesMs: number; readonly statusesMs: number; readonly operatorMiB: number };
}

export const cluster: Bench = {
  name: "cluster",
  summary: "a real cluster with ten proxies: the way of a change, bursts, starts, memory",
  run: async (args) => {
    const text = { type: "string" } as const;
    const toggle = { type: "boolean" } as const;
    const options = { routes: text, proxies: text, changes: text, parts: text, json: toggle, help: toggle };
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const numbers = [
      wholeNumber("routes", values.routes, 5_000),
      wholeNumber("proxies", values.proxies, 10),
      wholeNumber("changes", values.changes, 100),
    ];
    const measured = await measure([...numbers.map(String), partsOf(values.parts).join(",")]);
    if (measured === null) return 1;
    process.stdout.write(`${values.json ? JSON.stringify({ bench: "cluster", ...measured }) : shown(measured)}\n`);
    const followed = [measured.ofRoutes, measured.ofEndpoints, measured.ofEndpointsAlone];
    return followed.some((of) => of !== undefined && of.unseen > 0) ? 1 : 0;
  },
};

function partsOf(text: string | undefined): readonly string[] {
  const parts = text?.split(",") ?? PARTS;
  const unknown = parts.find((part) => !PARTS.some((known) => known === part));
  if (unknown !== undefined) throw wrongFlag(`--parts knows ${PARTS.join(", ")}, and no "${unknown}"`);
  return parts;
}

async function measure(said: readonly string[]): Promise<Measured | null> {
  const parent = mkdtempSync(join(tmpdir(), "fairway-bench-"));
  const started = await Cluster.start(join(parent, "cluster"));
  if (!(started instanceof Cluster)) {
    process.stderr.write(`this machine cannot run the cluster: ${started.missing}\n`);
    return null;
  }
  try {
    await importImages(started, await makeImages(started.folder));
    await installFairway(started);
    const inside = join(import.meta.dirname, "inside.ts");
    return JSON.parse(succeeded(await started.exec(process.execPath, inside, ...said))) as Measured;
  } finally {
    started.stop();
    rmSync(parent, { recursive: true, force: true });
  }
}

const ms = (value: number): string => value.toFixed(1);
const seconds = (value: number): string => (value / 1_000).toFixed(2);

function shown(measured: Measured): string {
  const { ofRoutes, ofEndpoints, ofEndpointsAlone } = measured;
  if (ofRoutes === undefined || ofEndpoints === undefined || ofEndpointsAlone === undefined) return shownOnce(measured);
  return `${shownChanges(ofRoutes, ofEndpoints, ofEndpointsAlone)}\n\n${shownOnce(measured)}`;
}

function shownChanges(ofRoutes: Followed, ofEndpoints: Followed, ofEndpointsAlone: Followed): string {
  const followed = (name: string, goal: string, of: Followed) => [
    name,
    ...[0.5, 0.99, 1].map((share) => ms(percentile(of.latenciesMs, share))),
    String(of.unseen),
    within(of.operatorCpuMs),
    within(of.proxyCpuMs),
    `${within(of.bothCpuMs)} (${goal})`,
    `${ms(of.quietOperatorMs)}, ${ms(of.quietProxyMs)}`,
  ];
  return table([
    ["one change, ms", "p50", "p99", "max", "not seen", "operator's CPU", "one proxy's", "both (goal)", "quiet, ms a second"],
    followed("route", "< 15", ofRoutes),
    followed("endpoints", "< 4", ofEndpoints),
    followed("endpoints, one proxy alone", "< 4", ofEndpointsAlone),
    ["goals", "< 20", "< 50", "", "0", "", "", "", ""],
  ]);
}

/** A mean, and how far the true one may be from it. */
function within({ mean, high }: Interval): string {
  return `${ms(mean)} ±${ms(high - mean)}`;
}

function shownOnce({ ofBurst, small, large, proxyStartMs, ofColdStart }: Measured): string {
  const rows = [["", "measured", "goal"]];
  if (ofBurst !== undefined) {
    rows.push(["1,000 changes in one apply: applied after, s", seconds(ofBurst.appliedMs), ""]);
    rows.push(["  live in the last proxy after, s", seconds(ofBurst.liveMs), ""]);
    rows.push(["  last status after, s", seconds(ofBurst.statusMs), ""]);
  }
  if (ofColdStart !== undefined) {
    rows.push(["operator's start to serving all, s", seconds(ofColdStart.servesMs), "< 3"]);
    rows.push(["  to the last status, s", seconds(ofColdStart.statusesMs), "< 30"]);
    rows.push(["  operator by then, MiB", ms(ofColdStart.operatorMiB), ""]);
  }
  if (proxyStartMs !== undefined) rows.push(["proxy's start to all live, s", seconds(proxyStartMs), "< 3"]);
  if (small !== undefined && large !== undefined) {
    rows.push(["operator, MiB (1,000 routes; all)", `${ms(small.operatorMiB)}; ${ms(large.operatorMiB)}`, "< 200"]);
    rows.push(["proxy, MiB (1,000 routes; all)", `${ms(small.proxyMiB)}; ${ms(large.proxyMiB)}`, "< 120"]);
  }
  return table(rows);
}
