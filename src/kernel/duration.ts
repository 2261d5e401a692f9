/** Longest time a timer can wait, in ms: 24 days. */
export const TIMER_MAX_MS = 2 ** 31 - 1;

/** Milliseconds of each unit of Go's `time.ParseDuration`, as far as Kubernetes objects use them. */
const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration such as `1m30s` or `0.5h` in whole milliseconds, rounded up; null when it is none. Negative ones are none. */
export function parseDurationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let sumMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sumMs += Number(count) * (UNITS_MS[unit as string] as number);
  }
  return Math.ceil(Number(sumMs.toFixed(6)));
}
