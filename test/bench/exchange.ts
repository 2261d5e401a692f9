import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { FairwayDev } from "../scenario/changes/fairway-dev.ts";
import { ChurnFolder } from "./churn-folder.ts";
import { ClosedLoop } from "./closed-loop.ts";
import { type Bench, percentile, table } from "./contract.ts";
import { cpuSecondsOf, pinToCore } from "./pinning.ts";
import { PlainServer } from "./plain-server.ts";

const CONNECTIONS = 32;
const WARM_UP_S = 2;
/** From the first answer until what is asked counts. */
const SETTLE_MS = 200;

const USAGE = `npm run -s bench -- exchange [options]

CPU time per request of fairway dev (one worker on one core), asked over ${CONNECTIONS} keep-alive connections from another core. With
--against or --flags it is held against another checkout, or against itself without those flags: both run at once and are asked in
turn, so that what else the machine does weighs on both. Compare ratios, not microseconds.

  --against  folder of another checkout of this project
  --flags    flags of fairway dev for the one measured, as in --flags="--access-log json"
  --method   GET or POST (GET)
  --routes   IngressRoutes in the folder (1000)
  --seconds  how long each is asked in a round (3)
  --rounds   how often; the median counts (7)
  --json     one line of JSON instead of the table
`;

/** One of those compared. */
interface Subject {
  readonly name: string;
  readonly dev: FairwayDev;
  /** CPU time per request in µs, a round each. */
  readonly cpuUs: number[];
  failed: number;
}

export const exchange: Bench = {
  name: "exchange",
  summary: "CPU time per request, against another checkout or without some flags",
  run: async (args) => {
    const text = (value: string) => ({ type: "string", default: value }) as const;
    const numbers = { routes: text("1000"), seconds: text("3"), rounds: text("7") };
    const options = { ...numbers, against: text(""), flags: text(""), method: text("GET") };
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, json: { type: "boolean" }, help: { type: "boolean" } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const { against, flags, method } = values;
    const [routes, seconds, rounds] = [Number(values.routes), Number(values.seconds), Number(values.rounds)];
    const { subjects, isPinned } = await measure({ against, flags, method, routes, seconds, rounds });
    const rows = subjects.map((subject) => summary(subject, subjects[0] as Subject));
    process.stdout.write(`${values.json ? JSON.stringify({ bench: "exchange", isPinned, rows }) : shown(rows, isPinned)}\n`);
    return rows.some((row) => row.failed > 0) ? 1 : 0;
  },
};

interface Plan {
  readonly against: string;
  readonly flags: string;
  readonly method: string;
  readonly routes: number;
  readonly seconds: number;
  readonly rounds: number;
}

async function measure(plan: Plan): Promise<{ readonly subjects: readonly Subject[]; readonly isPinned: boolean }> {
  const path = mkdtempSync(join(tmpdir(), "fairway-exchange-"));
  const server = await PlainServer.start();
  const folder = new ChurnFolder(path, plan.routes, [server.port]);
  const requests = Array.from({ length: plan.routes }, (_, i) =>
    requestFor(folder.requestOf((i * 7919) % plan.routes), plan.method),
  );
  const subjects: Subject[] = [];
  try {
    const flags = plan.flags.split(" ").filter((flag) => flag !== "");
    const begin = async (name: string, given: readonly string[], main?: string) =>
      subjects.push({ name, dev: await FairwayDev.start(path, 1, given, main), cpuUs: [], failed: 0 });
    if (plan.against !== "") await begin(plan.against, [], join(plan.against, "src/main.ts"));
    else if (flags.length > 0) await begin("without flags", []);
    await begin(flags.length > 0 ? plan.flags : "this checkout", flags);
    const isPinned = subjects.every(({ dev }) => pinToCore(dev.pid, 0)) && pinToCore(process.pid, 1);
    for (let round = -1; round < plan.rounds; round++) {
      for (const subject of subjects) await ask(subject, requests, round < 0 ? WARM_UP_S : plan.seconds, round < 0);
    }
    return { subjects, isPinned };
  } finally {
    for (const { dev } of subjects) await dev.stop();
    server.close();
    rmSync(path, { recursive: true });
  }
}

/** A request of common size: a dozen fields. */
function requestFor({ host, path }: { readonly host: string; readonly path: string }, method: string): Buffer {
  const fields = Array.from({ length: 8 }, (_, i) => `X-Field-${i}: something of common length, ${i}\r\n`).join("");
  const body = method === "POST" ? "Content-Length: 0\r\n" : "";
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench\r\nAccept: */*\r\nCookie: a=b; c=d\r\n${fields}${body}\r\n`,
  );
}

/** Asks it for some time, over connections of its own. A round that `isWarmUp` does not count. */
async function ask(subject: Subject, requests: readonly Buffer[], seconds: number, isWarmUp: boolean): Promise<void> {
  const { dev, cpuUs } = subject;
  const loop = await ClosedLoop.start(dev.port, CONNECTIONS, requests);
  await sleep(SETTLE_MS);
  loop.take();
  const beginCpuS = cpuSecondsOf(dev.pid);
  await sleep(seconds * 1_000);
  const usedS = cpuSecondsOf(dev.pid) - beginCpuS;
  const { answered, failed } = loop.take();
  loop.stop();
  subject.failed += failed;
  if (!isWarmUp) cpuUs.push((usedS * 1e6) / answered);
}

interface Row {
  readonly name: string;
  /** Median. */
  readonly cpuUs: number;
  /** To the first subject: median of the rounds' ratios, and their range. */
  readonly ratio: number;
  readonly ratioRange: readonly [number, number];
  readonly failed: number;
}

function summary({ name, cpuUs, failed }: Subject, first: Subject): Row {
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
  const ratios = sorted(cpuUs.map((us, round) => us / (first.cpuUs[round] as number)));
  const ratioRange = [ratios[0] as number, ratios.at(-1) as number] as const;
  return { name, cpuUs: percentile(sorted(cpuUs), 0.5), ratio: percentile(ratios, 0.5), ratioRange, failed };
}

function shown(rows: readonly Row[], isPinned: boolean): string {
  const cells = rows.map(({ name, cpuUs, ratio, ratioRange, failed }) => [
    name,
    cpuUs.toFixed(1),
    `${ratio.toFixed(2)} [${ratioRange.map((end) => end.toFixed(2)).join("-")}]`,
    String(failed),
  ]);
  const note = isPinned ? [] : ["Not held to one core: there is no taskset, or one core alone."];
  return [table([["", "CPU us/request", "ratio", "failed"], ...cells]), ...note].join("\n");
}
