import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "../contract.ts";

/** Time between samples. */
export const PROFILE_INTERVAL_US = 500;

/** Parts below this share of the busy time are left out of the table. */
const SHARE_MIN = 0.004;

/** A V8 CPU profile, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string } }[];
  readonly samples: readonly number[];
}

/** Share of the busy time by part, greatest first: a folder of ours, a module of Node's, or what V8 names in parentheses. */
export function sharesOf({ nodes, samples }: CpuProfile): readonly (readonly [part: string, share: number])[] {
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame.functionName, callFrame.url)]));
  const counts = new Map<string, number>();
  let busy = 0;
  for (const sample of samples) {
    const part = parts.get(sample) ?? "";
    if (part === "(idle)") continue;
    busy++;
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return [...counts].map(([part, count]) => [part, count / busy] as const).sort(([, a], [, b]) => b - a);
}

function partOf(name: string, url: string): string {
  if (url.startsWith("node:")) return url;
  const own = /\/src\/((?:[^/]+\/)*)[^/]+$/.exec(url)?.[1];
  if (own !== undefined) return `src/${own}`.replace(/\/$/, "");
  // What is called from JavaScript but written in C++, system calls included, has a name and no file.
  return url === "" && !name.startsWith("(") ? `native ${name}` : name;
}

/** The profile of the thread that carried the traffic, as a table. */
export function shownProfile(folder: string): string {
  const profiles = readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile);
  const worker = profiles.find(({ nodes }) =>
    nodes.some(({ callFrame }) => callFrame.url.endsWith("/http1/server-connection.ts")),
  );
  if (worker === undefined) return `no profile of a worker in ${folder}`;
  const rows = sharesOf(worker).filter(([, share]) => share >= SHARE_MIN);
  return table([["part of the worker's busy time", "%"], ...rows.map(([part, share]) => [part, (share * 100).toFixed(1)])]);
}
