import { setFlagsFromString } from "node:v8";

/**
 * For a process that carries traffic: what a thread allocates is collected by that thread alone. V8 would have others help with every few
 * megabytes of young objects, and wait for them; where all cores have work of their own that costs more than it brings (0.93 of the CPU
 * per request without). Old objects are marked on another thread as before. Holds for all threads of the process.
 *
 * Not for an operator: it begins with a world to read, on cores that are free, and is sooner done with help.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}
