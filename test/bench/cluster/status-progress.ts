import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesApi } from "../../../src/control/api/api.ts";
import { programmedRoutes } from "./cluster-world.ts";
import type { FairwayProcess } from "./fairway-pods.ts";

/** Port of the operator's admin server, as config/operator has it. */
const ADMIN_PORT = 9_090;
const LOOK_MS = 100;
/** Reading every route costs the API server as much as dozens of writes: not more often than this. */
const READ_ALL_MS = 2_000;
const LONGEST_MS = 180_000;

/**
 * Waits until every route says in its status that all proxies run it; when that was, in ms since the epoch. It asks the operator, which
 * costs next to nothing, and believes it when the API server says the same. Rejects after three minutes.
 */
export async function statusesSettled(api: KubernetesApi, operator: FairwayProcess, routes: number): Promise<number> {
  const endMs = Date.now() + LONGEST_MS;
  while (Date.now() < endMs) {
    const atMs = Date.now();
    if ((await backlog(operator)) === 0) {
      if ((await programmedRoutes(api)) === routes) return atMs;
      await sleep(READ_ALL_MS);
    } else await sleep(LOOK_MS);
  }
  throw new Error(`the statuses of ${routes} routes are not settled after ${LONGEST_MS} ms`);
}

/** Number of statuses that an operator has still to write; NaN while it does not say. */
async function backlog({ address }: FairwayProcess): Promise<number> {
  try {
    const answer = await fetch(`http://${address}:${ADMIN_PORT}/metrics`);
    return Number(/^fairway_status_backlog (\d+)$/m.exec(await answer.text())?.[1] ?? Number.NaN);
  } catch {
    // It does not listen yet.
    return Number.NaN;
  }
}
