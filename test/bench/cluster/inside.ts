import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ApiRequest } from "../../../src/control/api/api.ts";
import { ApiClient } from "../../../src/control/api/client.ts";
import { deleteRoutes, endpointChange, makeRoutes, makeServices, programmedRoutes, route, routeChange } from "./cluster-world.ts";
import { cpuMs, eventsOf, type FairwayProcess, fairwayProcesses, liveTimes, pssMiB, startedMs } from "./fairway-pods.ts";

/**
 * The part of the bench that runs beside the cluster's programs: it makes the routes, changes them, and reads from the proxies' logs when
 * each change was live. It prints one JSON object.
 *
 * usage: inside.ts ROUTES PROXIES CHANGES
 */
const [routes = 0, proxies = 0, changes = 0] = process.argv.slice(2).map(Number);

/** Between two changes that are followed one by one: no proxy takes longer for one. */
const CHANGE_EVERY_MS = 500;
/** How long CPU time is measured with nothing to do. */
const IDLE_MS = 10_000;
const BURST = 1_000;
const SMALL_WORLD = 1_000;
const LOOK_MS = 50;
const LONGEST_MS = 180_000;

const run = promisify(execFile);
const kubectl = (...args: readonly string[]) => run("kubectl", args, { maxBuffer: 1 << 26 });
const SYSTEM = "--namespace=fairway-system";

const api = await ApiClient.open({ kubeconfig: "/run/cluster/admin.kubeconfig" });

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Waits for something, looking often; answers how long that took from `sinceMs`. Rejects after three minutes. */
async function until(what: string, sinceMs: number, holds: () => boolean | Promise<boolean>, lookMs = LOOK_MS): Promise<number> {
  while (!(await holds())) {
    if (nowMs() - sinceMs > LONGEST_MS) throw new Error(`not in ${LONGEST_MS} ms: ${what}`);
    await sleep(lookMs);
  }
  return nowMs() - sinceMs;
}

async function rollOut(deployment: string, replicas: number): Promise<void> {
  await kubectl("scale", `deployment/${deployment}`, SYSTEM, `--replicas=${replicas}`);
  await kubectl("rollout", "status", `deployment/${deployment}`, SYSTEM, "--timeout=180s");
  const command = deployment === "fairway-operator" ? "operator" : "proxy";
  await until(`${replicas} of ${deployment}`, nowMs(), () => fairwayProcesses(command).length === replicas);
}

/** The replica that serves. */
function holder(): FairwayProcess {
  const serving = fairwayProcesses("operator").find(({ pod }) => {
    const roles = eventsOf(pod).filter(({ event }) => event === "role");
    return roles.at(-1)?.role === "serving";
  });
  if (serving === undefined) throw new Error("no operator serves");
  return serving;
}

interface Cpu {
  readonly operator: number;
  readonly proxy: number;
}

/** CPU time of the operator that serves, and of one proxy on average. */
function cpuNow(): Cpu {
  const all = fairwayProcesses("proxy").map(({ pid }) => cpuMs(pid));
  return { operator: cpuMs(holder().pid), proxy: all.reduce((sum, ms) => sum + ms, 0) / all.length };
}

async function idleCpuPerMs(): Promise<Cpu> {
  const before = cpuNow();
  await sleep(IDLE_MS);
  const after = cpuNow();
  return { operator: (after.operator - before.operator) / IDLE_MS, proxy: (after.proxy - before.proxy) / IDLE_MS };
}

/** Makes changes one by one. Times from the API server's answer to the last worker of the last proxy; CPU time of each. */
async function follow(change: (edition: number) => ApiRequest, idle: Cpu) {
  const asked: { readonly sentMs: number; readonly answerMs: number }[] = [];
  const startMs = nowMs();
  const before = cpuNow();
  for (let edition = 1; edition <= changes; edition++) {
    const sentMs = nowMs();
    await api.request(change(edition));
    asked.push({ sentMs, answerMs: nowMs() });
    await sleep(CHANGE_EVERY_MS);
  }
  const after = cpuNow();
  const tookMs = nowMs() - startMs;
  await sleep(2 * CHANGE_EVERY_MS);
  const times = fairwayProcesses("proxy").map(({ pod }) => liveTimes(pod));
  const latencies = asked.map(({ sentMs, answerMs }, index) => {
    const lastMs = lastSwitch(times, sentMs, asked[index + 1]?.sentMs ?? Number.POSITIVE_INFINITY);
    return lastMs === null ? null : lastMs - answerMs;
  });
  return {
    latenciesMs: latencies.filter((ms) => ms !== null).sort((a, b) => a - b),
    unseen: latencies.filter((ms) => ms === null).length,
    operatorCpuMs: (after.operator - before.operator - idle.operator * tookMs) / changes,
    proxyCpuMs: (after.proxy - before.proxy - idle.proxy * tookMs) / changes,
  };
}

/**
 * When the last proxy switched, between two times at which changes were sent; null when a proxy did not. (A change may be live before the
 * API server's answer to it has come.)
 */
function lastSwitch(times: readonly (readonly number[])[], fromMs: number, toMs: number): number | null {
  const lastMs = times.map((live) => live.findLast((atMs) => atMs >= fromMs && atMs < toMs));
  return lastMs.includes(undefined) ? null : Math.max(...(lastMs as number[]));
}

/** A thousand routes changed by one `kubectl apply`: until the last is live everywhere, and until its status says so. */
async function burst() {
  const path = "/run/cluster/burst.json";
  const items = Array.from({ length: BURST }, (_, index) => route(index, 10_000));
  writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const startMs = nowMs();
  await kubectl("apply", "--server-side", "--force-conflicts", "--filename", path);
  const appliedMs = nowMs();
  const statusMs = await until("statuses of the burst", startMs, async () => (await programmedRoutes(api)) === routes, 200);
  const lastLiveMs = Math.max(...fairwayProcesses("proxy").map(({ pod }) => liveTimes(pod).at(-1) ?? 0));
  return { appliedMs: appliedMs - startMs, liveMs: lastLiveMs - startMs, statusMs };
}

function memory() {
  const all = fairwayProcesses("proxy").map(({ pid }) => pssMiB(pid));
  return { operatorMiB: pssMiB(holder().pid), proxyMiB: Math.max(...all) };
}

/** Everything starts from nothing: from the operator's start until it serves all routes, and until every status is written. */
async function coldStart() {
  await rollOut("fairway-operator", 0);
  await deleteRoutes(api);
  await makeRoutes(api, 0, routes);
  const beforeMs = nowMs();
  await rollOut("fairway-operator", 1);
  const [operator] = fairwayProcesses("operator");
  if (operator === undefined) throw new Error("the operator is gone");
  const said = (what: string) => eventsOf(operator.pod).find(({ event }) => event === what);
  await until("the operator serves", beforeMs, () => said("role") !== undefined && said("published") !== undefined);
  const processMs = startedMs(operator.pid);
  const servesMs = Math.max(said("role")?.loggedMs ?? 0, said("published")?.loggedMs ?? 0) - processMs;
  await until("statuses after a cold start", processMs, async () => (await programmedRoutes(api)) === routes, 500);
  return { servesMs, statusesMs: nowMs() - processMs };
}

/** From a new proxy's start until it has all routes. */
async function proxyStart(): Promise<number> {
  const before = new Set(fairwayProcesses("proxy").map(({ pod }) => pod));
  await rollOut("fairway-proxy", proxies + 1);
  const fresh = fairwayProcesses("proxy").find(({ pod }) => !before.has(pod));
  if (fresh === undefined) throw new Error("there is no new proxy");
  const ms = (liveTimes(fresh.pod)[0] ?? Number.NaN) - startedMs(fresh.pid);
  await kubectl("delete", "pod", fresh.pod, SYSTEM, "--grace-period=0", "--force");
  await rollOut("fairway-proxy", proxies);
  return ms;
}

await rollOut("fairway-operator", 1);
await rollOut("fairway-proxy", proxies);
await makeServices(api);
await makeRoutes(api, 0, SMALL_WORLD);
await until("a small world", nowMs(), async () => (await programmedRoutes(api)) === SMALL_WORLD, 500);
const small = memory();
await makeRoutes(api, SMALL_WORLD, routes);
await until("the whole world", nowMs(), async () => (await programmedRoutes(api)) === routes, 500);
const idle = await idleCpuPerMs();
const ofRoutes = await follow(routeChange, idle);
const ofEndpoints = await follow(endpointChange, idle);
const large = memory();
const ofBurst = await burst();
const proxyStartMs = await proxyStart();
const ofColdStart = await coldStart();
console.log(JSON.stringify({ routes, proxies, ofRoutes, ofEndpoints, ofBurst, small, large, proxyStartMs, ofColdStart }));
await api.close();
