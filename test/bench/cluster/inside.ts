import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ApiClient } from "../../../src/control/api/client.ts";
import { deleteRoutes, endpointChange, makeRoutes, makeServices, route, routeChange } from "./cluster-world.ts";
import { eventsOf, type FairwayProcess, fairwayProcesses, liveTimes, pssMiB, startedMs } from "./fairway-pods.ts";
import { follow } from "./followed-changes.ts";
import { statusesSettled } from "./status-progress.ts";

/**
 * The part of the bench that runs beside the cluster's programs: it makes the routes, changes them, and reads from the proxies' logs when
 * each change was live. It prints one JSON object.
 *
 * usage: inside.ts ROUTES PROXIES CHANGES PARTS
 */
const [routes = 0, proxies = 0, changes = 0] = process.argv.slice(2, 5).map(Number);
const parts = new Set(process.argv[5]?.split(","));

const BURST = 1_000;
const SMALL_WORLD = 1_000;
const LOOK_MS = 50;
const LONGEST_MS = 180_000;

const run = promisify(execFile);
const kubectl = (...args: readonly string[]) => run("kubectl", args, { maxBuffer: 1 << 26 });
const SYSTEM = "--namespace=fairway-system";

const api = await ApiClient.open({ kubeconfig: "/run/cluster/admin.kubeconfig" });

/** Waits for something, looking often; answers how long that took from `sinceMs`. Rejects after three minutes. */
async function until(what: string, sinceMs: number, holds: () => boolean | Promise<boolean>, lookMs = LOOK_MS): Promise<number> {
  while (!(await holds())) {
    if (Date.now() - sinceMs > LONGEST_MS) throw new Error(`not in ${LONGEST_MS} ms: ${what}`);
    await sleep(lookMs);
  }
  return Date.now() - sinceMs;
}

async function rollOut(deployment: string, replicas: number): Promise<void> {
  await kubectl("scale", `deployment/${deployment}`, SYSTEM, `--replicas=${replicas}`);
  await kubectl("rollout", "status", `deployment/${deployment}`, SYSTEM, "--timeout=180s");
  const command = deployment === "fairway-operator" ? "operator" : "proxy";
  await until(`${replicas} of ${deployment}`, Date.now(), () => fairwayProcesses(command).length === replicas);
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

/** A thousand routes changed by one `kubectl apply`: until the last is live everywhere, and until its status says so. */
async function burst() {
  const path = "/run/cluster/burst.json";
  const items = Array.from({ length: BURST }, (_, index) => route(index, 10_000));
  writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const startMs = Date.now();
  await kubectl("apply", "--server-side", "--force-conflicts", "--filename", path);
  const appliedMs = Date.now();
  const statusMs = (await statusesSettled(api, holder(), routes)) - startMs;
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
  const beforeMs = Date.now();
  await rollOut("fairway-operator", 1);
  const [operator] = fairwayProcesses("operator");
  if (operator === undefined) throw new Error("the operator is gone");
  const said = (what: string) => eventsOf(operator.pod).find(({ event }) => event === what);
  await until("the operator serves", beforeMs, () => said("role") !== undefined && said("published") !== undefined);
  const processMs = startedMs(operator.pid);
  const servesMs = Math.max(said("role")?.loggedMs ?? 0, said("published")?.loggedMs ?? 0) - processMs;
  const statusesMs = (await statusesSettled(api, operator, routes)) - processMs;
  return { servesMs, statusesMs, operatorMiB: pssMiB(operator.pid) };
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

/** The whole world, grown from a small one, and what both take in memory. */
async function growWorld() {
  await makeRoutes(api, 0, SMALL_WORLD);
  await statusesSettled(api, holder(), SMALL_WORLD);
  const small = memory();
  await makeRoutes(api, SMALL_WORLD, routes);
  await statusesSettled(api, holder(), routes);
  return { small, large: memory() };
}

async function followChanges() {
  const watched = { operator: holder(), proxies: fairwayProcesses("proxy") };
  const ofRoutes = await follow(api, watched, routeChange, changes);
  const ofEndpoints = await follow(api, watched, endpointChange, changes);
  const large = memory();
  await rollOut("fairway-proxy", 1);
  const alone = { operator: holder(), proxies: fairwayProcesses("proxy") };
  const made = ofEndpoints.latenciesMs.length + ofEndpoints.unseen;
  const ofEndpointsAlone = await follow(api, alone, (edition) => endpointChange(made + edition), changes);
  await rollOut("fairway-proxy", proxies);
  return { ofRoutes, ofEndpoints, ofEndpointsAlone, large };
}

await rollOut("fairway-operator", 1);
await rollOut("fairway-proxy", proxies);
await makeServices(api);
const measured = {
  // A cold start makes its own routes.
  ...([...parts].some((part) => part !== "start") ? await growWorld() : {}),
  ...(parts.has("changes") ? await followChanges() : {}),
  ...(parts.has("burst") ? { ofBurst: await burst() } : {}),
  ...(parts.has("proxy") ? { proxyStartMs: await proxyStart() } : {}),
  ...(parts.has("start") ? { ofColdStart: await coldStart() } : {}),
};
console.log(JSON.stringify({ routes, proxies, ...measured }));
await api.close();
