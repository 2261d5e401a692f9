import { readdirSync, readFileSync } from "node:fs";
import { treeOf } from "./children.ts";

/** CPU time that a process, its threads and what it started have used so far. */
export interface ProcessCost {
  /** From the scheduler, exact to the nanosecond. */
  readonly cpuUs: number;
  /** From clock ticks of 10 ms: for the share of it that is spent in the kernel, over seconds. */
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** Reads it from /proc. Threads that have ended count in ticks alone. */
export function costOf(pid: number): ProcessCost {
  let [cpuUs, userTicks, systemTicks] = [0, 0, 0];
  for (const each of treeOf(pid)) {
    for (const task of readdirSync(`/proc/${each}/task`)) {
      cpuUs += Number(readFileSync(`/proc/${each}/task/${task}/schedstat`, "latin1").split(" ")[0]) / 1_000;
    }
    const fields = readFileSync(`/proc/${each}/stat`, "latin1")
      .replace(/^.*\) /, "")
      .split(" ");
    userTicks += Number(fields[11]);
    systemTicks += Number(fields[12]);
  }
  return { cpuUs, userTicks, systemTicks };
}

/** What was used between two readings, in µs, split into the program's own and the kernel's. */
export function costBetween(
  begin: ProcessCost,
  end: ProcessCost,
): { readonly cpuUs: number; readonly userUs: number; readonly systemUs: number } {
  const cpuUs = end.cpuUs - begin.cpuUs;
  const user = end.userTicks - begin.userTicks;
  const system = end.systemTicks - begin.systemTicks;
  const share = user + system === 0 ? Number.NaN : user / (user + system);
  return { cpuUs, userUs: cpuUs * share, systemUs: cpuUs * (1 - share) };
}

/** Memory that a process and what it started hold, shared pages counted once, in KiB. */
export function memoryKiBOf(pid: number): number {
  let sum = 0;
  for (const each of treeOf(pid)) {
    const text = readFileSync(`/proc/${each}/smaps_rollup`, "latin1");
    sum += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN);
  }
  return sum;
}
