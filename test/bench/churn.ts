import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FairwayDev } from "../scenario/changes/fairway-dev.ts";
import { ChurnFolder } from "./churn-folder.ts";
import { ClosedLoop, type LoopReport } from "./closed-loop.ts";
import { type Bench, percentile, table } from "./contract.ts";
import { flagsOf } from "./flags.ts";
import { cpuSecondsOf, pinToCore } from "./pinning.ts";
import { PlainServer } from "./plain-server.ts";

/** Changes a second, and how much throughput those of the third column may take: `GOAL_LOSS` at `GOAL_RATE`. */
const RATES = [0, 2, 20, 100];
const GOAL_RATE = 20;
const GOAL_LOSS = 0.1;

const CONNECTIONS = 8;
const WARM_UP_S = 3;
const LIVE_TIMEOUT_MS = 10_000;

const USAGE = `npm run -s bench -- churn [options]

Serves a folder with fairway dev (one worker, everything on one core), loads it over ${CONNECTIONS} keep-alive connections from another core, and
edits routes, middlewares and endpoints in turn, ${RATES.join(", ")} times a second. A request asks for any of the routes. Exits 1 when a request
failed, a change did not become live, or ${GOAL_RATE} changes a second cost more than ${GOAL_LOSS * 100} % of the throughput.

  --routes   IngressRoutes in the folder (5000)
  --seconds  how long each rate is measured in a round (10)
  --rounds   how often all rates are measured; the median counts (3)
  --json     one line of JSON instead of the table
`;

const NUMBERS = { routes: 5_000, seconds: 10, rounds: 3 };

/** One rate in one round. */
interface Sample extends LoopReport {
  readonly rate: number;
  readonly changes: number;
  readonly perSecond: number;
  /** Share of one core that the process used. */
  readonly cpuShare: number;
}

export const churn: Bench = {
  name: "churn",
  summary: "throughput and latency on one core while the configuration changes",
  run: async (args) => {
    const flags = flagsOf(args, USAGE, NUMBERS);
    if (flags === null) return 0;
    const { samples, isPinned, losses } = await measure(flags.routes, flags.seconds, flags.rounds);
    const rows = RATES.map((rate) => summary(samples.filter((sample) => sample.rate === rate)));
    const complaints = [...losses, ...samples.flatMap((sample) => sample.examples)];
    const report = { bench: "churn", isPinned, rows, complaints };
    process.stdout.write(`${flags.json ? JSON.stringify(report) : shown(rows, isPinned, complaints)}\n`);
    return complaints.length === 0 && lossAt(rows, GOAL_RATE) <= GOAL_LOSS ? 0 : 1;
  },
};

async function measure(routes: number, seconds: number, rounds: number) {
  const path = mkdtempSync(join(tmpdir(), "fairway-churn-"));
  const servers = [await PlainServer.start(), await PlainServer.start()];
  const folder = new ChurnFolder(
    path,
    routes,
    servers.map((server) => server.port),
  );
  const dev = await FairwayDev.start(path, 1);
  const isPinned = pinToCore(dev.pid, 0) && pinToCore(process.pid, 1);
  const loop = await ClosedLoop.start(dev.port, CONNECTIONS, requestsFor(folder, routes));
  const losses: string[] = [];
  const samples: Sample[] = [];
  try {
    await sleep(WARM_UP_S * 1_000);
    for (let round = 0; round < rounds; round++) {
      for (const rate of RATES) {
        const { sample, changedAtMs } = await measureRate(rate, seconds, folder, loop, dev.pid);
        samples.push(sample);
        if (rate > 0 && (await dev.liveAfter(changedAtMs, LIVE_TIMEOUT_MS)) === null)
          losses.push(`not live in time: the last of ${sample.changes} changes`);
      }
    }
    losses.push(...dev.losses);
  } finally {
    loop.stop();
    await dev.stop();
    for (const server of servers) server.close();
    rmSync(path, { recursive: true });
  }
  return { samples, isPinned, losses };
}

/** Requests for routes all over the folder, each as often as the others. */
function requestsFor(folder: ChurnFolder, routes: number): readonly Buffer[] {
  return Array.from({ length: routes }, (_, i) => {
    const { host, path } = folder.requestOf((i * 7919) % routes);
    return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: churn\r\nAccept: */*\r\n\r\n`);
  });
}

async function measureRate(rate: number, seconds: number, folder: ChurnFolder, loop: ClosedLoop, pid: number) {
  loop.take();
  const [beginMs, beginCpuS] = [performance.now(), cpuSecondsOf(pid)];
  let [changes, changedAtMs] = [0, 0];
  while (performance.now() - beginMs < seconds * 1_000) {
    if (rate > 0) changedAtMs = folder.change();
    changes += rate > 0 ? 1 : 0;
    const nextMs = rate > 0 ? beginMs + (changes * 1_000) / rate : beginMs + seconds * 1_000;
    await sleep(Math.max(0, nextMs - performance.now()));
  }
  const elapsedS = (performance.now() - beginMs) / 1_000;
  const cpuShare = (cpuSecondsOf(pid) - beginCpuS) / elapsedS;
  const report = loop.take();
  return { sample: { ...report, rate, changes, perSecond: report.answered / elapsedS, cpuShare }, changedAtMs };
}

interface Row {
  readonly rate: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuShare: number;
  /** Answers for a second of CPU time: what other work on the machine changes least. */
  readonly perCpuSecond: number;
  readonly changes: number;
  readonly failed: number;
}

/** The median of the rounds. */
function summary(samples: readonly Sample[]): Row {
  const median = (pick: (sample: Sample) => number) =>
    percentile(
      samples.map(pick).sort((a, b) => a - b),
      0.5,
    );
  const sum = (pick: (sample: Sample) => number) => samples.reduce((total, sample) => total + pick(sample), 0);
  return {
    rate: samples[0]?.rate ?? Number.NaN,
    perSecond: median((sample) => sample.perSecond),
    p50Ms: median((sample) => percentile(sample.latenciesMs, 0.5)),
    p99Ms: median((sample) => percentile(sample.latenciesMs, 0.99)),
    cpuShare: median((sample) => sample.cpuShare),
    perCpuSecond: median((sample) => sample.perSecond / sample.cpuShare),
    changes: sum((sample) => sample.changes),
    failed: sum((sample) => sample.failed),
  };
}

/** The share of throughput that changes take. */
function lossAt(rows: readonly Row[], rate: number): number {
  const perSecond = (wanted: number) => rows.find((row) => row.rate === wanted)?.perSecond ?? Number.NaN;
  return 1 - perSecond(rate) / perSecond(0);
}

function shown(rows: readonly Row[], isPinned: boolean, complaints: readonly string[]): string {
  const head = ["changes/s", "requests/s", "loss", "goal", "p50 ms", "p99 ms", "CPU", "requests/CPU s", "changes", "failed"];
  const cells = rows.map((row) => [
    String(row.rate),
    row.perSecond.toFixed(0),
    `${(lossAt(rows, row.rate) * 100).toFixed(1)} %`,
    row.rate === GOAL_RATE ? `<= ${GOAL_LOSS * 100} %` : "",
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    `${(row.cpuShare * 100).toFixed(0)} %`,
    row.perCpuSecond.toFixed(0),
    String(row.changes),
    String(row.failed),
  ]);
  const note = isPinned ? [] : ["Not held to one core: there is no taskset, or one core alone."];
  return [table([head, ...cells]), ...note, ...complaints].join("\n");
}
