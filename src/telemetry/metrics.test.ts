import { expect, test } from "vitest";
import { MetricsRegistry } from "./metrics.ts";

test("the text names help, type and every sample, with label values escaped", () => {
  const registry = new MetricsRegistry();
  const restarts = registry.counter("fairway_worker_restarts_total", "Workers replaced.");
  restarts.add(1, { reason: 'said "no"\nand \\ left' });
  restarts.add(2, { reason: "silent" });
  restarts.add(1, { reason: "silent" });
  registry.gauge("fairway_connections_open", "Open client connections.", () => 4);
  expect(registry.text()).toBe(
    [
      "# HELP fairway_worker_restarts_total Workers replaced.",
      "# TYPE fairway_worker_restarts_total counter",
      'fairway_worker_restarts_total{reason="said \\"no\\"\\nand \\\\ left"} 1',
      'fairway_worker_restarts_total{reason="silent"} 3',
      "# HELP fairway_connections_open Open client connections.",
      "# TYPE fairway_connections_open gauge",
      "fairway_connections_open 4",
      "",
    ].join("\n"),
  );
});

test("a name that is taken or badly spelt is refused", () => {
  const registry = new MetricsRegistry();
  registry.counter("a_total", "A.");
  expect(() => registry.counter("a_total", "A.")).toThrow("metric a_total is registered twice");
  expect(() => registry.counter("A-b", "A.")).toThrow('metric name "A-b" is not lower snake case');
});

test("a histogram counts what is at most as large as each bound, and everything at the end", () => {
  const registry = new MetricsRegistry();
  const seconds = registry.histogram("compile_seconds", "Time.", [0.1, 1]);
  for (const value of [0.0625, 0.1, 0.5, 4]) seconds.observe(value, { class: "a" });
  expect(registry.text()).toBe(
    [
      "# HELP compile_seconds Time.",
      "# TYPE compile_seconds histogram",
      'compile_seconds_bucket{class="a",le="0.1"} 2',
      'compile_seconds_bucket{class="a",le="1"} 3',
      'compile_seconds_bucket{class="a",le="+Inf"} 4',
      'compile_seconds_sum{class="a"} 4.6625',
      'compile_seconds_count{class="a"} 4',
      "",
    ].join("\n"),
  );
});
