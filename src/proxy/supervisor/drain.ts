import type { Clock } from "../../kernel/clock.ts";
import { COUNTER, sumCounters } from "../../telemetry/worker-counters.ts";
import type { DrainTiming } from "./timing.ts";
import type { Workers } from "./workers.ts";

/** How often new connections are looked for. */
const LOOK_MS = 50;

/**
 * Tells workers to drain, and resolves when the listeners may be closed: the delay has passed and then `quietMs` brought no
 * connection, or `quietMostMs` have passed. Until then they stay open, since closing one resets what is queued on it; every response
 * says `Connection: close` meanwhile.
 */
export async function drainUntilQuiet(workers: Workers, timing: DrainTiming, clock: Clock): Promise<void> {
  workers.broadcast({ type: "drain" });
  const startMs = clock.monotonicMs();
  let accepted = sumCounters(workers.rows, COUNTER.connectionsAccepted);
  let lastMs = startMs;
  for (;;) {
    const nowMs = clock.monotonicMs();
    const now = sumCounters(workers.rows, COUNTER.connectionsAccepted);
    if (now !== accepted) lastMs = nowMs;
    accepted = now;
    const sinceMs = nowMs - startMs;
    if (sinceMs >= timing.delayMs + timing.quietMostMs) return;
    if (sinceMs >= timing.delayMs && nowMs - lastMs >= timing.quietMs) return;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}
