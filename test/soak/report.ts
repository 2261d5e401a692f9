import { percentile, table } from "../bench/contract.ts";
import { FAILURE_CAUSES, type KindCount } from "./ledger.ts";
import type { Trend } from "./watch.ts";

/** What a soak found. */
export interface SoakReport {
  readonly seconds: number;
  readonly counts: readonly KindCount[];
  readonly total: KindCount;
  /** Requests that never ended. */
  readonly open: number;
  /** Changes by kind, and how long each took to be live, sorted. */
  readonly changes: Readonly<Record<string, number>>;
  readonly liveMs: readonly number[];
  /** What was done to the processes, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  readonly trends: readonly Trend[];
  /** What is left when all clients and servers are gone: each is to be as `wanted`. */
  readonly leftovers: readonly { readonly name: string; readonly value: number; readonly wanted: number }[];
  /** Whatever else went wrong. */
  readonly complaints: readonly string[];
  readonly examples: readonly string[];
}

/** More than this from one half of a soak to the other is no flat memory; one shorter than some minutes cannot tell. */
const GROWTH_MAX = 0.1;
const GROWTH_JUDGED_AFTER_S = 300;

/** What keeps a report from being clean, in words; empty when it is. */
export function faultsOf(report: SoakReport): readonly string[] {
  const { total, open, leftovers, trends, complaints, seconds } = report;
  const found = [...complaints];
  if (total.right === 0) found.push("no request was answered");
  if (total.wrong > 0) found.push(`${total.wrong} wrong answers`);
  if (total.failed.unexplained > 0) found.push(`${total.failed.unexplained} failures that no killed worker or server explains`);
  if (open > 0) found.push(`${open} requests never ended`);
  for (const { name, value, wanted } of leftovers) if (value !== wanted) found.push(`${name}: ${value} are left, not ${wanted}`);
  if (seconds < GROWTH_JUDGED_AFTER_S) return found;
  for (const { name, isJudged, firstMib, lastMib } of trends) {
    if (isJudged && lastMib > firstMib * (1 + GROWTH_MAX))
      found.push(`${name} grows from ${firstMib.toFixed(1)} to ${lastMib.toFixed(1)} MiB`);
  }
  return found;
}

/** A report for people. */
export function reportText(report: SoakReport): string {
  const { counts, total, liveMs, changes, faults, trends, leftovers, seconds, examples } = report;
  const head = ["requests", "asked", "right", "wrong", ...FAILURE_CAUSES, "given up"];
  const row = ({ kind, asked, right, wrong, failed, abandoned }: KindCount): readonly string[] =>
    [kind, asked, right, wrong, ...FAILURE_CAUSES.map((cause) => failed[cause]), abandoned].map(String);
  const live = `live after ${percentile(liveMs, 0.5).toFixed(0)} ms (median), ${percentile(liveMs, 0.99).toFixed(0)} ms (p99)`;
  const found = faultsOf(report);
  return [
    `${seconds.toFixed(0)} s, ${(total.asked / seconds).toFixed(0)} requests a second`,
    table([head, ...counts.map(row), row(total)]),
    `changes: ${listed(changes)}; ${live}`,
    `ended: ${listed(faults)}`,
    table([
      ["memory", "first half, MiB", "second half, MiB", "MiB a minute"],
      ...trends.map(({ name, isJudged, firstMib, lastMib, perMinuteMib }) => [
        isJudged ? `${name} (judged)` : name,
        firstMib.toFixed(1),
        lastMib.toFixed(1),
        perMinuteMib.toFixed(2),
      ]),
    ]),
    `left at the end: ${leftovers.map(({ name, value, wanted }) => `${name} ${value} (to be ${wanted})`).join(", ")}`,
    ...examples,
    found.length === 0 ? "clean" : `NOT CLEAN: ${found.join("; ")}`,
  ].join("\n\n");
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
