import { monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricsRegistry } from "./metrics.ts";

/** How often the event loop is looked at. Each look wakes the process, which may have nothing else to do: 20 ms cost 3 ms of CPU a second. */
const LOOP_RESOLUTION_MS = 100;

/** Adds what every process tells of itself, under the names that Prometheus' own client libraries use. */
export function addProcessMetrics(registry: MetricsRegistry): void {
  const startedS = (performance.timeOrigin / 1_000).toFixed(3);
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  registry.add({
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "CPU time of all threads, in seconds.",
    read: () => {
      const { user, system } = process.cpuUsage();
      return [{ labels: {}, value: (user + system) / 1e6 }];
    },
  });
  registry.gauge("process_resident_memory_bytes", "Resident memory of all threads.", () => process.memoryUsage.rss());
  registry.gauge("process_start_time_seconds", "When the process began, in seconds since the epoch.", () => Number(startedS));
  registry.gauge(
    "nodejs_heap_size_used_bytes",
    "JavaScript heap in use, of the main thread.",
    () => process.memoryUsage().heapUsed,
  );
  registry.gauge(
    "nodejs_eventloop_lag_max_seconds",
    "Longest delay of the main thread's event loop since the last scrape.",
    () => {
      const maxS = loop.max / 1e9;
      loop.reset();
      return maxS;
    },
  );
}
