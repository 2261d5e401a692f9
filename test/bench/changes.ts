import { type ChangeReport, runChanges } from "../scenario/changes/change-run.ts";
import { type Bench, percentile, table } from "./contract.ts";
import { flagsOf } from "./flags.ts";

/** What is aimed at, from rename(2) to the last worker's swap. */
const GOAL_P50_MS = 30;
const GOAL_P99_MS = 100;

const USAGE = `npm run -s bench -- changes [options]

Serves a copy of the demo while keep-alive connections ask at a fixed rate, and makes changes to its folder: adds, edits, renames and
deletes routes, edits middlewares and endpoints, breaks and repairs files. Exits 1 when a request failed or was answered wrongly, or
a change did not become live.

  --changes      how many changes (500)
  --connections  keep-alive connections (32)
  --rate         requests a second, over all connections (1000)
  --workers      worker threads (2)
  --seed         for another run of the dice (1)
  --json         one line of JSON instead of the table
`;

const NUMBERS = { changes: 500, connections: 32, rate: 1000, workers: 2, seed: 1 };

export const changes: Bench = {
  name: "changes",
  summary: "500 changes under load: requests lost, and the time until each is live",
  run: async (args) => {
    const flags = flagsOf(args, USAGE, NUMBERS);
    if (flags === null) return 0;
    const report = await runChanges({
      changes: flags.changes,
      connections: flags.connections,
      requestsPerSecond: flags.rate,
      workers: flags.workers,
      seed: flags.seed,
    });
    process.stdout.write(`${flags.json ? JSON.stringify(figures(report)) : shown(report)}\n`);
    return complaints(report).length === 0 && report.load.answered > 0 ? 0 : 1;
  },
};

/** All that went wrong, in words. */
function complaints({ load, neverLive, wrongAtEnd, losses }: ChangeReport): readonly string[] {
  return [...load.examples, ...losses, ...neverLive.map((change) => `not live in time: ${change}`), ...wrongAtEnd];
}

function figures(report: ChangeReport) {
  const { load, liveMs, made, neverLive, wrongAtEnd } = report;
  return {
    bench: "changes",
    made,
    requests: load.answered,
    failed: load.failed,
    misrouted: load.misrouted,
    connectionsClosed: load.closed,
    neverLive: neverLive.length,
    wrongAtEnd: wrongAtEnd.length,
    liveMs: { measured: liveMs.length, p50: percentile(liveMs, 0.5), p99: percentile(liveMs, 0.99), max: percentile(liveMs, 1) },
    answerMs: { p50: percentile(load.latenciesMs, 0.5), p99: percentile(load.latenciesMs, 0.99) },
    complaints: complaints(report),
  };
}

function shown(report: ChangeReport): string {
  const { made, requests, failed, misrouted, connectionsClosed, liveMs, answerMs, ...rest } = figures(report);
  const ms = (value: number, goal?: number) => `${value.toFixed(1)}${goal === undefined ? "" : ` (goal: ${goal})`}`;
  const rows = [
    ...Object.entries(made).map(([what, count]) => [what, String(count)]),
    ["requests answered", requests.toLocaleString("en")],
    ["requests failed", String(failed)],
    ["requests misrouted", String(misrouted)],
    ["connections closed", String(connectionsClosed)],
    ["changes not live in time", String(rest.neverLive)],
    ["hosts wrong at the end", String(rest.wrongAtEnd)],
    ["rename to last swap, p50 ms", ms(liveMs.p50, GOAL_P50_MS)],
    ["rename to last swap, p99 ms", ms(liveMs.p99, GOAL_P99_MS)],
    ["rename to last swap, max ms", ms(liveMs.max)],
    ["answer, p50 ms", ms(answerMs.p50)],
    ["answer, p99 ms", ms(answerMs.p99)],
  ];
  return [table(rows), ...rest.complaints].join("\n");
}
