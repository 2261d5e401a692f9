import type { GenerationUpdate } from "../messages.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** What became of a generation. */
export interface SwapResult {
  /** Workers that carry traffic on it now. */
  readonly switched: number;
  /** Workers that did not do a step, and why: to be replaced. */
  readonly lost: readonly Loss[];
  /** Why it is live nowhere; null when it is. */
  readonly refusal: string | null;
  /** What workers said about entry points they could not open, each once. */
  readonly problems: readonly string[];
}

interface Loss {
  readonly worker: WorkerHandle;
  readonly reason: string;
}

/**
 * Two steps: all workers prepare, then all switch. When none can prepare, none switches and the generation is forgotten; when only
 * some can, it is these workers that are wrong and not the generation, so they are given up. One that is alone takes both steps at once.
 * `updateFor` says what a worker needs.
 */
export async function swap(
  workers: readonly WorkerHandle[],
  sequence: number,
  updateFor: (worker: WorkerHandle) => GenerationUpdate,
): Promise<SwapResult> {
  const lost: Loss[] = [];
  const refused: Loss[] = [];
  const ready: { readonly worker: WorkerHandle; readonly hasSwitched: boolean }[] = [];
  const problems = new Set<string>();
  const alone = workers.length === 1;
  const preparing = workers.map(async (worker) => ({ worker, answer: await worker.prepare(updateFor(worker), alone) }));
  const answers = await Promise.all(preparing);
  for (const { worker, answer } of answers) {
    if (answer.outcome === "lost") lost.push({ worker, reason: answer.reason });
    else if (answer.outcome === "refused") refused.push({ worker, reason: answer.reason });
    else {
      ready.push({ worker, hasSwitched: answer.hasSwitched });
      if (answer.problem !== null) problems.add(answer.problem);
    }
  }
  if (ready.length === 0) return forget(workers, sequence, lost, refused);
  const waiting = ready.filter(({ hasSwitched }) => !hasSwitched);
  const switches = await Promise.all(waiting.map(async ({ worker }) => ({ worker, reason: await worker.switch(sequence) })));
  for (const { worker, reason } of switches) if (reason !== null) lost.push({ worker, reason });
  lost.push(...refused);
  const switched = workers.length - lost.length;
  return { switched, lost, refusal: switched === 0 ? (lost[0]?.reason ?? null) : null, problems: [...problems] };
}

/** Nobody prepared: what workers have of the generation goes, and those who only refused it run on. */
function forget(workers: readonly WorkerHandle[], sequence: number, lost: readonly Loss[], refused: readonly Loss[]): SwapResult {
  for (const worker of workers) worker.post({ type: "forget", sequence });
  return { switched: 0, lost, refusal: [...lost, ...refused][0]?.reason ?? null, problems: [] };
}
