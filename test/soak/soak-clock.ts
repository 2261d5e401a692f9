const STARTED_MS = machineMs();

/** A clock that all processes of this machine have in common, and that nobody sets: ms since some moment of the past. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The soak's clock: ms since this process began to count. */
export function soakMs(): number {
  return onSoakClock(machineMs());
}

/** A time of another process on this machine, as `machineMs` gave it there, on the soak's clock. */
export function onSoakClock(atMs: number): number {
  return atMs - STARTED_MS;
}
