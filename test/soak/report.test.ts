import { expect, test } from "vitest";
import { faultsOf, reportText, type SoakReport } from "./report.ts";
import type { Trend } from "./watch.ts";

const kind = {
  kind: "all",
  asked: 1,
  right: 1,
  wrong: 0,
  abandoned: 0,
  failed: { killedWorker: 0, queuedOnKilledWorker: 0, killedServer: 0, closedEntryPoint: 0, unexplained: 0 },
};
const report = (seconds: number, ...trends: readonly Trend[]): SoakReport => ({
  seconds,
  counts: [],
  total: kind,
  open: 0,
  changes: {},
  liveMs: [1],
  faults: {},
  trends,
  leftovers: [],
  complaints: [],
  examples: [],
});
const trend = (name: string, isJudged: boolean, lastMib: number): Trend => ({
  name,
  isJudged,
  firstMib: 100,
  lastMib,
  perMinuteMib: 0,
});

test("a run whose memory in use grows by more than a tenth is not clean, and the report shows what grew", () => {
  const grown = report(600, trend("in use", true, 111), trend("workers, external", false, 150));
  expect(faultsOf(grown)).toEqual(["in use grows from 100.0 to 111.0 MiB"]);
  expect(reportText(grown)).toContain("workers, external");
  expect(faultsOf(report(600, trend("in use", true, 110)))).toEqual([]);
});

test("what only explains a growth is not held against a run, and a short run judges none", () => {
  expect(faultsOf(report(600, trend("malloc, free", false, 200)))).toEqual([]);
  expect(faultsOf(report(200, trend("in use", true, 200)))).toEqual([]);
});
