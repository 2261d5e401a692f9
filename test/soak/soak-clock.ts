import { epochMs } from "../scenario/changes/slot-files.ts";

const STARTED_MS = epochMs();

/** The soak's clock: ms since this process began to count. */
export function soakMs(): number {
  return epochMs() - STARTED_MS;
}

/** A time of another process on this machine, in ms since the epoch, on the soak's clock. */
export function onSoakClock(epoch: number): number {
  return epoch - STARTED_MS;
}
