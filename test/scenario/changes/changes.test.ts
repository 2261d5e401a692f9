import { expect, test } from "vitest";
import { runChanges } from "./change-run.ts";

test("no request is lost or answered wrongly while the folder changes under load", async () => {
  const report = await runChanges({ changes: 60, connections: 32, requestsPerSecond: 400, workers: 2, seed: 7 });
  expect(report.load.examples).toEqual([]);
  expect(report.losses).toEqual([]);
  expect(report.neverLive).toEqual([]);
  expect(report.wrongAtEnd).toEqual([]);
  const { failed, misrouted, closed } = report.load;
  expect({ failed, misrouted, closed }).toEqual({ failed: 0, misrouted: 0, closed: 0 });
  expect(report.load.answered).toBeGreaterThan(1_000);
  expect(report.liveMs.length).toBeGreaterThan(15);
  expect(Object.keys(report.made).sort()).toEqual([
    "add route",
    "break file",
    "delete route",
    "edit endpoints",
    "edit middleware",
    "edit route",
    "rename file",
    "repair file",
  ]);
});
