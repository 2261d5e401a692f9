import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, succeeded } from "../../cluster/cluster.ts";
import { importImages, installFairway, makeImages } from "../../cluster/fairway-install.ts";
import { type Bench, percentile, table } from "../contract.ts";
import { flagsOf } from "../flags.ts";

const USAGE = `npm run -s bench -- cluster [options]

Starts a real one-node cluster with Fairway's image, as config/overlays/local installs it, and measures changes from the API server's
answer to the last worker of the last proxy, their CPU time, bursts, starts and memory. Needs what npm run test:cluster needs.

  --routes   IngressRoutes (5000)
  --proxies  proxies, each with one worker (10)
  --changes  route changes, and endpoint changes, followed one by one (100)
  --json     one line of JSON instead of the table
`;

const NUMBERS = { routes: 5_000, proxies: 10, changes: 100 };

interface Followed {
  readonly latenciesMs: readonly number[];
  readonly unseen: number;
  readonly operatorCpuMs: number;
  readonly proxyCpuMs: number;
}

interface Memory {
  readonly operatorMiB: number;
  readonly proxyMiB: number;
}

/** What `inside.ts` prints. */
interface Measured {
  readonly ofRoutes: Followed;
  readonly ofEndpoints: Followed;
  readonly ofBurst: { readonly appliedMs: number; readonly liveMs: number; readonly statusMs: number };
  readonly small: Memory;
  readonly large: Memory;
  readonly proxyStartMs: number;
  readonly ofColdStart: { readonly servesMs: number; readonly statusesMs: number };
}

export const cluster: Bench = {
  name: "cluster",
  summary: "a real cluster with ten proxies: the way of a change, bursts, starts, memory",
  run: async (args) => {
    const flags = flagsOf(args, USAGE, NUMBERS);
    if (flags === null) return 0;
    const said = [flags.routes, flags.proxies, flags.changes].map(String);
    const measured = await measure(said);
    if (measured === null) return 1;
    process.stdout.write(`${flags.json ? JSON.stringify({ bench: "cluster", ...measured }) : shown(measured)}\n`);
    return measured.ofRoutes.unseen + measured.ofEndpoints.unseen === 0 ? 0 : 1;
  },
};

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

function shown({ ofRoutes, ofEndpoints, ofBurst, small, large, proxyStartMs, ofColdStart }: Measured): string {
  const ms = (value: number) => value.toFixed(1);
  const followed = (name: string, goal: string, { latenciesMs, unseen, operatorCpuMs, proxyCpuMs }: Followed) => [
    name,
    ms(percentile(latenciesMs, 0.5)),
    ms(percentile(latenciesMs, 0.99)),
    ms(percentile(latenciesMs, 1)),
    String(unseen),
    ms(operatorCpuMs),
    ms(proxyCpuMs),
    `${ms(operatorCpuMs + proxyCpuMs)} (${goal})`,
  ];
  const changes = [
    ["one change, ms", "p50", "p99", "max", "not seen", "operator's CPU", "one proxy's", "both (goal)"],
    followed("route", "< 15", ofRoutes),
    followed("endpoints", "< 4", ofEndpoints),
    ["goals", "< 20", "< 50", "", "0", "", "", ""],
  ];
  const seconds = (value: number) => (value / 1_000).toFixed(2);
  const rest = [
    ["", "measured", "goal"],
    ["1,000 changes in one apply: applied after, s", seconds(ofBurst.appliedMs), ""],
    ["  live in the last proxy after, s", seconds(ofBurst.liveMs), ""],
    ["  last status after, s", seconds(ofBurst.statusMs), ""],
    ["operator's start to serving all, s", seconds(ofColdStart.servesMs), "< 3"],
    ["  to the last status, s", seconds(ofColdStart.statusesMs), "< 30"],
    ["proxy's start to all live, s", seconds(proxyStartMs), "< 3"],
    ["operator, MiB (1,000 routes; all)", `${ms(small.operatorMiB)}; ${ms(large.operatorMiB)}`, "< 200"],
    ["proxy, MiB (1,000 routes; all)", `${ms(small.proxyMiB)}; ${ms(large.proxyMiB)}`, "< 120"],
  ];
  return `${table(changes)}\n\n${table(rest)}`;
}
