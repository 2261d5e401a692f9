import { setTimeout as sleep } from "node:timers/promises";
import { Child, LOAD_CORE } from "./children.ts";
import type { IdleLoad, IdlePlan } from "./idle-client.ts";
import { memoryKiBOf } from "./process-cost.ts";
import type { Target } from "./target.ts";
import { headsOf, PATHS } from "./workload.ts";

/** How a connection that is then idle was opened, and how many: few of those whose handshakes take long. */
const IDLE = { plain: 9_900, tls: 1_000, h2: 1_000 } as const;
export type IdleKind = keyof typeof IDLE;
export const IDLE_KINDS = Object.keys(IDLE) as readonly IdleKind[];

const CLIENT = new URL("idle-client.ts", import.meta.url).pathname;
const OPEN_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** From the last answer until memory is read: what handshakes left over is collected meanwhile, as far as it is at all. */
const SETTLE_MS = 3_000;

/** What an idle connection costs a target. */
export interface IdleMemory {
  readonly target: string;
  readonly kind: IdleKind;
  readonly connections: number;
  /** What its processes grew by, for each connection. */
  readonly kiBEach: number;
  /** What went wrong; null when all connections opened and were answered. */
  readonly wrong: string | null;
}

/** Opens connections that each ask once and then say nothing, and reads by how much the target's memory has grown. */
export async function measureIdle(target: Target, kind: IdleKind): Promise<IdleMemory> {
  const connections = IDLE[kind];
  const before = memoryKiBOf(target.pid);
  const port = kind === "plain" ? target.port : target.tlsPort;
  const request = headsOf({ path: PATHS.small, head: "realistic" })[0] as string;
  const about = { target: target.name, kind, connections };
  const plan: IdlePlan = { kind, port, connections, request };
  const child = new Child(LOAD_CORE, process.execPath, [CLIENT], { IDLE_PLAN: JSON.stringify(plan) });
  try {
    const load = await opened(child);
    await sleep(SETTLE_MS);
    const kiBEach = (memoryKiBOf(target.pid) - before) / connections;
    return { ...about, kiBEach, wrong: load.failed > 0 ? `${load.failed} failed: ${load.example}` : null };
  } catch (error) {
    return { ...about, kiBEach: Number.NaN, wrong: (error as Error).message };
  } finally {
    await child.stop();
  }
}

async function opened(child: Child): Promise<IdleLoad> {
  const deadlineMs = performance.now() + OPEN_TIMEOUT_MS;
  while (!child.stdout.includes("\n")) {
    if (child.hasEnded || performance.now() > deadlineMs) throw new Error(`idle connections do not open: ${child.log}`);
    await sleep(POLL_MS);
  }
  return JSON.parse(child.stdout) as IdleLoad;
}
