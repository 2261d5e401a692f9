import { TimeSlice } from "../../kernel/time-slice.ts";

/** How long work in steps may keep the event loop: probes, leases and heartbeats never wait longer for it. */
export const STEPS_SLICE_MS = 20;

/** Does all steps now. */
export function allSteps<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Does the steps, giving the event loop back every `STEPS_SLICE_MS`. */
export async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
  const slice = new TimeSlice(STEPS_SLICE_MS);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (slice.isOver) await slice.breathe();
  }
}
