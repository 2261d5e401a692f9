import { expect, test } from "vitest";
import { faultsOf } from "../../soak/report.ts";
import { soak } from "../../soak/soak.ts";

const SECONDS = 15;

test("no answer is wrong, and no failure unexplained, while the configuration changes and whatever can end does", async () => {
  const report = await soak({
    seconds: SECONDS,
    workers: 2,
    load: 0.5,
    changeMs: 1_000,
    warmS: SECONDS / 2,
    workerS: 8,
    kinds: ["terminate", "throw"],
    serverS: 6,
    operatorS: 12,
    seed: 7,
    onProgress: () => {},
  });
  expect(report.examples).toEqual([]);
  expect(faultsOf(report)).toEqual([]);
  const kinds = report.counts.filter(({ kind, right }) => kind !== "vanishing clients" && right === 0).map(({ kind }) => kind);
  expect(
    kinds.filter((kind) => kind !== "entry point that goes"),
    "kinds without an answer",
  ).toEqual([]);
  expect(Object.entries(report.faults).filter(([, count]) => count === 0)).toEqual([]);
}, 240_000);
