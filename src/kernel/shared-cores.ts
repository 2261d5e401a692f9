import { setFlagsFromString } from "node:v8";

/**
 * For a process that runs for long, beside others that need the cores: what is allocated by a thread is collected by that thread alone.
 * V8 would have others help with every few megabytes of young objects, and wait for them: where all cores are busy that takes longer
 * (in an operator beside ten proxies 275 ms in 100 changes, and 186 alone), and in a worker with traffic it takes more CPU (0.93 without).
 * Old objects are marked on another thread as before. Holds for all threads of the process.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}
