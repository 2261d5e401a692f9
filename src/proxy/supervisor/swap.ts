import type { GenerationUpdate } from "../messages.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** What became of a generation. */
export interface SwapResult {
  /** Workers that carry traffic on it now. */
  readonly switched: number;
  /** Workers that did not do a step, and why: to be replaced. */
  readonly lost: readonly { readonly worker: WorkerHandle; readonly reason: string }[];
  /** What workers said about entry points they could not open, each once. */
  readonly problems: readonly string[];
}

type Loss = SwapResult["lost"][number];

/**
 * Two steps: all workers prepare, then all switch. When none can prepare, none switches and the generation is forgotten; when only
 * some can, it is these workers that are wrong and not the generation, so they are given up.
 */
export async function swap(workers: readonly WorkerHandle[], update: GenerationUpdate): Promise<SwapResult> {
  const lost: Loss[] = [];
  const ready: WorkerHandle[] = [];
  const problems = new Set<string>();
  const preparations = await Promise.all(workers.map(async (worker) => ({ worker, ...(await worker.prepare(update)) })));
  for (const { worker, prepared, problem } of preparations) {
    if (prepared) {
      ready.push(worker);
      if (problem !== null) problems.add(problem);
    } else lost.push({ worker, reason: problem ?? "it did not prepare" });
  }
  const switches = await Promise.all(ready.map(async (worker) => ({ worker, reason: await worker.switch(update.sequence) })));
  for (const { worker, reason } of switches) if (reason !== null) lost.push({ worker, reason });
  return { switched: workers.length - lost.length, lost, problems: [...problems] };
}
