import type { Changes } from "./changes.ts";
import type { FairwayPair, WorkerEnd } from "./fairway-pair.ts";
import { between, pause, type SoakRun } from "./soak-run.ts";
import type { UpstreamServers } from "./upstream-servers.ts";

/** How often what goes wrong, in seconds; 0: never. */
export interface FaultRates {
  readonly workerS: number;
  /** How workers are ended, in turn. */
  readonly kinds: readonly WorkerEnd[];
  readonly serverS: number;
  readonly operatorS: number;
}

const SERVER_AWAY_MS = 1_000;
const OPERATOR_AWAY_MS = 500;

/** Whatever the faults are done to. */
export interface FaultTargets {
  readonly pair: FairwayPair;
  readonly servers: UpstreamServers;
  readonly changes: Changes;
  /** Servers that leave the configuration before they end, and those that are killed. */
  readonly polite: readonly string[];
  readonly rough: readonly string[];
}

/** Ends workers, servers and the operator, each on its own beat, until the run is over. Rejects at the end when one could not. */
export async function runFaults(run: SoakRun, targets: FaultTargets, rates: FaultRates): Promise<void> {
  const { pair, servers, changes, polite, rough } = targets;
  const beats = await Promise.allSettled([
    beat(run, rates.workerS, (turn) => pair.endWorker(rates.kinds[turn % rates.kinds.length] as WorkerEnd)),
    beat(run, rates.serverS, async (turn) => {
      const server = polite[turn % polite.length] as string;
      await changes.withdraw(server);
      await servers.restart(server);
      changes.offer(server);
    }),
    beat(run, rates.serverS, (turn) => servers.kill(rough[turn % rough.length] as string, SERVER_AWAY_MS)),
    beat(run, rates.operatorS, (turn) =>
      changes.restartOperator(turn % 2 === 0 ? "SIGTERM" : "SIGKILL", between(run, 0, OPERATOR_AWAY_MS)),
    ),
  ]);
  const failed = beats.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Does something once in every period, the first time when half of one has passed. */
async function beat(run: SoakRun, periodS: number, act: (turn: number) => Promise<void>): Promise<void> {
  if (periodS === 0) return;
  await pause(run, periodS * 500);
  for (let turn = 0; !run.isOver; turn++) {
    const beganMs = performance.now();
    await act(turn).catch((error: unknown) => {
      run.isOver = true;
      throw error;
    });
    await pause(run, Math.max(0, periodS * 1_000 - (performance.now() - beganMs)));
  }
}
