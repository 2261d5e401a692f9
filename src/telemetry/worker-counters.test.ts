import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { COUNTER, COUNTERS, CounterRow, newCounterRow, requestCounter, sumCounters } from "./worker-counters.ts";

test("a status counts in its class", () => {
  const classes = [100, 199, 200, 304, 404, 499, 500, 599].map((status) => COUNTERS[requestCounter(status)]);
  expect(classes).toEqual([
    "requests1xx",
    "requests1xx",
    "requests2xx",
    "requests3xx",
    "requests4xx",
    "requests4xx",
    "requests5xx",
    "requests5xx",
  ]);
});

test("rows add up, and a retired row keeps its totals but no open connections", () => {
  const rows = [new CounterRow(newCounterRow()), new CounterRow(newCounterRow())];
  for (const row of rows) {
    row.add(COUNTER.connectionsOpen, 3);
    row.add(COUNTER.bytesIn, 1000);
  }
  rows[0]?.add(COUNTER.connectionsOpen, -1);
  expect(sumCounters(rows, COUNTER.connectionsOpen)).toBe(5);
  rows[0]?.add(COUNTER.upstreamOpen, 5);
  rows[0]?.retire();
  expect(sumCounters(rows, COUNTER.upstreamOpen)).toBe(0);
  expect(sumCounters(rows, COUNTER.connectionsOpen)).toBe(3);
  expect(sumCounters(rows, COUNTER.bytesIn)).toBe(2000);
});

test("what another thread counts is seen here", async () => {
  const buffer = newCounterRow();
  const url = JSON.stringify(new URL("./worker-counters.ts", import.meta.url).href);
  const source = `import(${url}).then(({ CounterRow, COUNTER }) => {
    new CounterRow(require("node:worker_threads").workerData).add(COUNTER.bytesOut, 7);
  });`;
  const worker = new Worker(source, { eval: true, workerData: buffer });
  await new Promise((resolve) => worker.once("exit", resolve));
  expect(new CounterRow(buffer).read(COUNTER.bytesOut)).toBe(7);
});
