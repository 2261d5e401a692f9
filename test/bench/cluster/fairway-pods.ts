import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the kubelet keeps what containers print. */
const POD_LOGS = "/run/cluster/pods";
/** Clock ticks in a second (`getconf CLK_TCK`), as /proc tells when a process began on Linux. */
const TICKS = 100;

/** A running container of Fairway's. */
export interface FairwayProcess {
  readonly pod: string;
  /** IP address of its Pod; "" where it is not told. */
  readonly address: string;
  readonly pid: number;
}

/** The processes of operators or proxies, from the node's view. */
export function fairwayProcesses(command: "operator" | "proxy"): readonly FairwayProcess[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      if (args[1] !== "/app/main.js" || args[2] !== command) return [];
      const told = readFileSync(`/proc/${entry}/environ`, "utf8");
      const pod = /(?:^|\0)POD_NAME=([^\0]*)/.exec(told)?.[1] ?? "";
      const address = /(?:^|\0)POD_IP=([^\0]*)/.exec(told)?.[1] ?? "";
      return [{ pod, address, pid: Number(entry) }];
    } catch {
      // It has ended since.
      return [];
    }
  });
}

/** The fields of /proc/PID/stat after the program's name: the state is the first. */
function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** When a process began, in ms since the epoch, give or take a clock tick. */
export function startedMs(pid: number): number {
  const uptimeS = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Date.now() - uptimeS * 1_000 + (Number(statFields(pid)[19]) * 1_000) / TICKS;
}

/** Proportional set size of a process, in MiB: memory that it shares with others counts in parts. */
export function pssMiB(pid: number): number {
  const pss = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(pss) / 1_024;
}

/** Something a container said as JSON, and when, in ms since the epoch. */
export interface LoggedEvent {
  readonly event?: string;
  readonly atMs?: number;
  readonly role?: string;
  readonly loggedMs: number;
}

/** What the containers of a Pod said. */
export function eventsOf(pod: string): readonly LoggedEvent[] {
  const folder = readdirSync(POD_LOGS).find((name) => name.startsWith(`fairway-system_${pod}_`));
  if (folder === undefined) return [];
  return readdirSync(join(POD_LOGS, folder)).flatMap((container) => {
    const path = join(POD_LOGS, folder, container);
    return readdirSync(path)
      .filter((name) => name.endsWith(".log"))
      .flatMap((name) => readFileSync(join(path, name), "utf8").split("\n"))
      .flatMap(parsed);
  });
}

/** A line of the container runtime: time, stream, whether it is whole, text. */
function parsed(line: string): readonly LoggedEvent[] {
  const [, time = "", text] = /^(\S+) stdout F (\{.*\})$/.exec(line) ?? [];
  return text === undefined ? [] : [{ ...(JSON.parse(text) as object), loggedMs: Date.parse(time) }];
}

/** When each version went live in a proxy: its last worker had switched, in ms since the epoch. */
export function liveTimes(pod: string): readonly number[] {
  return eventsOf(pod).flatMap(({ event, atMs }) => (event === "live" && atMs !== undefined ? [atMs] : []));
}
