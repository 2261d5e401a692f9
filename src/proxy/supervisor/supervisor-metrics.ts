import { MetricsRegistry, type Sample } from "../../telemetry/metrics.ts";
import { addProcessMetrics } from "../../telemetry/process-metrics.ts";
import { COUNTER, type CounterName, type CounterRow, sumCounters } from "../../telemetry/worker-counters.ts";

/** What the supervisor knows and metrics show. */
export interface MetricsView {
  rows(): readonly CounterRow[];
  liveWorkers(): number;
  version(): string;
  refused(): number;
  entryPointProblems(): number;
  isConnected(): boolean;
  isIsolated(): boolean;
}

/** Connections that were let go before their first request, by why. */
const REFUSALS: readonly (readonly [reason: string, counter: CounterName])[] = [
  ["overload", "connectionsShed"],
  ["entryPointLimit", "connectionsOverLimit"],
  ["addressLimit", "connectionsOverAddressLimit"],
  ["proxyHeader", "proxyHeadersRefused"],
];

/** Levels of the counter `overload`. */
const OVERLOAD_LEVELS = [
  ["strained", 1],
  ["shedding", 2],
] as const;

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** What goes up and down, and is one counter each. */
const GAUGES: readonly (readonly [name: string, counter: CounterName, help: string])[] = [
  ["fairway_connections_open", "connectionsOpen", "Open client connections."],
  ["fairway_connections_busy", "connectionsBusy", "Client connections with a request under way, as of at most a second ago."],
  ["fairway_upstream_connections_open", "upstreamOpen", "Connections to servers, idle ones and those being made included."],
];

/** Totals that are one counter each. */
const TOTALS: readonly (readonly [name: string, counter: CounterName, help: string])[] = [
  ["fairway_connections_accepted_total", "connectionsAccepted", "Client connections accepted."],
  ["fairway_upstream_connects_total", "upstreamConnects", "Connections made to servers."],
  ["fairway_upstream_retries_total", "upstreamRetries", "Requests tried again on another connection."],
  ["fairway_upstream_failures_total", "upstreamFailures", "Requests that no server answered."],
  ["fairway_received_bytes_total", "bytesIn", "Bytes received from clients."],
  ["fairway_sent_bytes_total", "bytesOut", "Bytes sent to clients."],
];

/** The metrics of one proxy. */
export class SupervisorMetrics {
  readonly registry = new MetricsRegistry();
  /** Generations by what became of them: `live`, `rejected`. */
  readonly swaps = this.registry.counter("fairway_swaps_total", "Generations, by what became of them.", ["result"]);
  readonly restarts = this.registry.counter("fairway_worker_restarts_total", "Workers that were lost and replaced.");

  constructor(view: MetricsView) {
    const { registry } = this;
    for (const result of ["live", "rejected"]) this.swaps.add(0, { result });
    this.restarts.add(0);
    const requests = (): Sample[] =>
      CLASSES.map((code) => ({ labels: { code }, value: sumCounters(view.rows(), COUNTER[`requests${code}`]) }));
    const help = "Responses, by class of status.";
    registry.add({ name: "fairway_requests_total", type: "counter", help, labels: ["code"], read: requests });
    for (const [name, counter, help] of GAUGES) registry.gauge(name, help, () => sumCounters(view.rows(), COUNTER[counter]));
    registry.add({
      name: "fairway_connections_refused_total",
      type: "counter",
      help: "Client connections closed before a request, by why.",
      labels: ["reason"],
      read: () =>
        REFUSALS.map(([reason, counter]) => ({ labels: { reason }, value: sumCounters(view.rows(), COUNTER[counter]) })),
    });
    registry.add({
      name: "fairway_workers_overloaded",
      type: "gauge",
      help: "Workers over a mark of load: strained ones end connections with their answers, shedding ones let nobody in.",
      labels: ["state"],
      read: () =>
        OVERLOAD_LEVELS.map(([state, level]) => ({
          labels: { state },
          value: view.rows().filter((row) => row.read(COUNTER.overload) === level).length,
        })),
    });
    for (const [name, counter, help] of TOTALS) {
      const read = (): Sample[] => [{ labels: {}, value: sumCounters(view.rows(), COUNTER[counter]) }];
      registry.add({ name, type: "counter", help, read });
    }
    registry.add({
      name: "fairway_snapshot_version",
      type: "gauge",
      help: "1, with the version of the live snapshot.",
      labels: ["version"],
      read: () => (view.version() === "" ? [] : [{ labels: { version: view.version() }, value: 1 }]),
    });
    registry.gauge("fairway_resources_refused", "Resources of the live snapshot that could not be built.", view.refused);
    registry.gauge("fairway_entry_points_failed", "Entry points that could not be opened.", view.entryPointProblems);
    registry.gauge("fairway_workers_live", "Workers that carry traffic.", view.liveWorkers);
    registry.gauge("fairway_isolated", "1 while ClusterIPs take the place of endpoints, since no operator is heard.", () =>
      view.isIsolated() ? 1 : 0,
    );
    registry.gauge("fairway_operator_connected", "1 while the operator is heard.", () => (view.isConnected() ? 1 : 0));
    addProcessMetrics(registry);
  }
}
