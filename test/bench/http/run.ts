import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case, Round } from "./cases.ts";
import { makeCertificates } from "./certificates.ts";
import { Child, LOAD_CORE } from "./children.ts";
import { differences, type Speech } from "./equality.ts";
import { type Row, rowsOf, type Sample, spread } from "./figures.ts";
import type { Load } from "./load.ts";
import { type IdleKind, type IdleMemory, measureIdle } from "./memory.ts";
import { costBetween, costOf } from "./process-cost.ts";
import type { Setup, Target, TargetKind } from "./target.ts";

/** Before a target is measured in a case. */
const WARM_UP_S = 1;
/**
 * The same of one that is compiled by use, and before it is measured at all: with 1 s and 4 s, V8's compiler threads were still 20 to 40 %
 * of what Fairway used while it was measured.
 */
const COMPILING_WARM_UP_S = 3;
const FIRST_WARM_UP_S = 12;

const UPSTREAM = new URL("upstream-process.ts", import.meta.url).pathname;

export interface RunPlan {
  readonly kinds: readonly TargetKind[];
  readonly cases: readonly Case[];
  readonly repeats: number;
  readonly seconds: number;
  /** Is told each case's rows as soon as they are there. */
  readonly onCase: (one: Case, rows: readonly Row[]) => void;
  /** Kinds of idle connections whose memory is measured, after all cases. */
  readonly idle: readonly IdleKind[];
  readonly onIdle: (memory: readonly IdleMemory[]) => void;
  readonly onTargets: (targets: readonly Target[]) => void;
}

/** Starts the upstream and all targets, measures every case, ends what it started. Throws when targets do not do the same work. */
export async function runCases(plan: RunPlan): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "fairway-http-"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  const upstream = new Child(LOAD_CORE, process.execPath, [UPSTREAM]);
  const targets: Target[] = [];
  try {
    const { port: upstreamPort, grpcPort } = await portsOf(upstream);
    const certificates = await makeCertificates(folder);
    for (const kind of plan.kinds)
      targets.push(await startIn(kind, { folder: join(folder, kind.name), upstreamPort, grpcPort, certificates }));
    plan.onTargets(targets);
    const wrong = await differences(targets, speechesOf(plan));
    if (wrong.length > 0) throw new Error(`the targets do not do the same work:\n  ${wrong.join("\n  ")}`);
    const rows = await measure(plan, targets, folder);
    for (const kind of plan.idle) plan.onIdle(await idleOf(targets, kind));
    return rows;
  } finally {
    for (const target of targets) await target.stop();
    await upstream.stop();
    removeFolder();
    process.off("exit", removeFolder);
  }
}

/** The ways in which clients will speak to targets. */
function speechesOf({ cases, idle }: RunPlan): readonly Speech[] {
  const ofIdle = { plain: "http/1.1", tls: "tls", h2: "h2" } as const;
  return [...new Set([...cases.map(({ speaks = "http/1.1" }) => speaks), ...idle.map((kind) => ofIdle[kind])])];
}

async function startIn(kind: TargetKind, setup: Setup): Promise<Target> {
  mkdirSync(setup.folder);
  try {
    return await kind.start(setup);
  } catch (cause) {
    throw new Error(`${kind.name} does not start: ${(cause as Error).message}`, { cause });
  }
}

async function portsOf(upstream: Child): Promise<{ readonly port: number; readonly grpcPort: number }> {
  const deadlineMs = performance.now() + 20_000;
  while (!upstream.stdout.includes("\n")) {
    if (upstream.hasEnded || performance.now() > deadlineMs) throw new Error(`the upstream does not start: ${upstream.log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return JSON.parse(upstream.stdout) as { port: number; grpcPort: number };
}

async function measure(plan: RunPlan, targets: readonly Target[], folder: string): Promise<readonly Row[]> {
  const samples: Sample[] = [];
  const perSecond = (caseName: string, target: string) =>
    spread(samples.filter((one) => one.caseName === caseName && one.target === target).map((one) => one.perSecond)).median;
  const reference = (targets.find(({ name }) => name === "nginx") ?? targets[0])?.name ?? "";
  const round: Round = { folder, seconds: plan.seconds, perSecond, reference: (caseName) => perSecond(caseName, reference) };
  const rows: Row[] = [];
  for (const one of plan.cases) {
    const own: Sample[] = [];
    const warmUp = ({ compilesByUse }: Target) => {
      if (compilesByUse !== true) return { ...round, seconds: WARM_UP_S };
      return { ...round, seconds: rows.length === 0 ? FIRST_WARM_UP_S : COMPILING_WARM_UP_S };
    };
    for (let repeat = -1; repeat < plan.repeats; repeat++) {
      // Those that come first find another machine than those that come last: each takes its turn.
      const turn = (repeat + 1) % targets.length;
      for (const target of [...targets.slice(turn), ...targets.slice(0, turn)]) {
        const sample = await loadOnce(one, target, repeat < 0 ? warmUp(target) : round, repeat);
        if (repeat >= 0) own.push(sample);
      }
    }
    samples.push(...own);
    const added = rowsOf(targets.flatMap(({ name }) => own.filter(({ target }) => target === name)));
    rows.push(...added);
    plan.onCase(one, added);
  }
  return rows;
}

/** A load that broke is a sample that says so: what is measured after it is worth having. */
function brokenLoad(error: Error): Load {
  const none = Number.NaN;
  return { answered: 0, failed: 1, seconds: none, p50Ms: none, p99Ms: none, p999Ms: none, examples: [error.message] };
}

/** One after the other: their connections would share the client's ports. */
async function idleOf(targets: readonly Target[], kind: IdleKind): Promise<readonly IdleMemory[]> {
  const memory: IdleMemory[] = [];
  for (const target of targets) memory.push(await measureIdle(target, kind));
  return memory;
}

async function loadOnce(one: Case, target: Target, round: Round, repeat: number): Promise<Sample> {
  const begin = costOf(target.pid);
  const load = await one.load(target, round).catch(brokenLoad);
  const used = costBetween(begin, costOf(target.pid));
  const each = (value: number) => value / load.answered;
  return {
    caseName: one.name,
    target: target.name,
    repeat,
    cpuUs: each(used.cpuUs),
    userUs: each(used.userUs),
    systemUs: each(used.systemUs),
    perSecond: load.answered / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    p999Ms: load.p999Ms,
    wrong: load.failed > 0 ? `${load.failed} failed: ${load.examples.join("; ")}` : load.answered === 0 ? "no answers" : null,
  };
}
