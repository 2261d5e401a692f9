import { setTimeout as sleep } from "node:timers/promises";
import type { ApiRequest, KubernetesApi } from "../../../src/control/api/api.ts";
import { costOf } from "../http/process-cost.ts";
import { type Interval, meanInterval } from "../interval.ts";
import { type FairwayProcess, liveTimes } from "./fairway-pods.ts";

/** Between two changes that are followed one by one: no proxy takes longer for one. */
const CHANGE_EVERY_MS = 500;
/** What the last change of a block brings with it (its status, that all proxies run it) is counted with the block. */
const AFTERMATH_MS = 1_000;
/** So many blocks of changes, each beside a quiet time of the same length: enough for an interval of confidence. */
const BLOCKS = 20;
/** Before the first: garbage of what went before is collected by then. */
const REST_MS = 10_000;

/** What came of changes made one by one. */
export interface Followed {
  /** From the API server's answer until the last worker of the last proxy had switched, sorted. */
  readonly latenciesMs: readonly number[];
  /** Changes that some proxy was not seen to switch for. */
  readonly unseen: number;
  /** CPU time of each change, beyond what passes anyway. */
  readonly operatorCpuMs: Interval;
  readonly proxyCpuMs: Interval;
  readonly bothCpuMs: Interval;
  /** CPU time of quiet times, in ms a second. */
  readonly quietOperatorMs: number;
  readonly quietProxyMs: number;
}

/** Who is watched while changes are made. */
export interface Watched {
  readonly operator: FairwayProcess;
  readonly proxies: readonly FairwayProcess[];
}

/** CPU time, in ms: of the operator, and of one proxy on average. */
interface Cpu {
  readonly operator: number;
  readonly proxy: number;
}

interface Asked {
  readonly sentMs: number;
  readonly answerMs: number;
}

/** Makes about so many changes one by one, from edition 1 on, block by block, a quiet time after each block. */
export async function follow(
  api: KubernetesApi,
  watched: Watched,
  change: (edition: number) => ApiRequest,
  changes: number,
): Promise<Followed> {
  const inBlock = Math.max(1, Math.round(changes / BLOCKS));
  const asked: Asked[] = [];
  const busy: Cpu[] = [];
  const quiet: Cpu[] = [];
  await sleep(REST_MS);
  for (let block = 0; block < BLOCKS; block++) {
    const startMs = Date.now();
    busy.push(await during(watched, () => changeOneByOne(api, change, asked, inBlock)));
    const tookMs = Date.now() - startMs;
    quiet.push(await during(watched, () => sleep(tookMs)));
  }
  const times = watched.proxies.map(({ pod }) => liveTimes(pod));
  const latencies = asked.map(({ sentMs, answerMs }, index) => {
    const lastMs = lastSwitch(times, sentMs, asked[index + 1]?.sentMs ?? Number.POSITIVE_INFINITY);
    return lastMs === null ? null : lastMs - answerMs;
  });
  const ofEach = (read: (cpu: Cpu) => number) =>
    meanInterval(busy.map((cpu, block) => (read(cpu) - read(quiet[block]!)) / inBlock));
  const quietS = (BLOCKS * (inBlock * CHANGE_EVERY_MS + AFTERMATH_MS)) / 1_000;
  const ofQuiet = (read: (cpu: Cpu) => number) => quiet.reduce((sum, cpu) => sum + read(cpu), 0) / quietS;
  return {
    latenciesMs: latencies.filter((ms) => ms !== null).sort((a, b) => a - b),
    unseen: latencies.filter((ms) => ms === null).length,
    operatorCpuMs: ofEach(({ operator }) => operator),
    proxyCpuMs: ofEach(({ proxy }) => proxy),
    bothCpuMs: ofEach(({ operator, proxy }) => operator + proxy),
    quietOperatorMs: ofQuiet(({ operator }) => operator),
    quietProxyMs: ofQuiet(({ proxy }) => proxy),
  };
}

async function changeOneByOne(
  api: KubernetesApi,
  change: (edition: number) => ApiRequest,
  asked: Asked[],
  count: number,
): Promise<void> {
  for (let made = 0; made < count; made++) {
    const sentMs = Date.now();
    await api.request(change(asked.length + 1));
    asked.push({ sentMs, answerMs: Date.now() });
    await sleep(CHANGE_EVERY_MS);
  }
  await sleep(AFTERMATH_MS);
}

/** CPU time while something is done. */
async function during(watched: Watched, work: () => Promise<unknown>): Promise<Cpu> {
  const before = cpuOf(watched);
  await work();
  const after = cpuOf(watched);
  return { operator: after.operator - before.operator, proxy: after.proxy - before.proxy };
}

function cpuOf({ operator, proxies }: Watched): Cpu {
  const ms = ({ pid }: FairwayProcess): number => costOf(pid).cpuUs / 1_000;
  return { operator: ms(operator), proxy: proxies.reduce((sum, proxy) => sum + ms(proxy), 0) / proxies.length };
}

/**
 * When the last proxy switched, between two times at which changes were sent; null when a proxy did not. (A change may be live before the
 * API server's answer to it has come.)
 */
function lastSwitch(times: readonly (readonly number[])[], fromMs: number, toMs: number): number | null {
  const lastMs = times.map((live) => live.findLast((atMs) => atMs >= fromMs && atMs < toMs));
  return lastMs.includes(undefined) ? null : Math.max(...(lastMs as number[]));
}
