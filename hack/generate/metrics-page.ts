import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OperatorMetrics } from "../../src/control/admin/operator-metrics.ts";
import type { AdmissionMetrics } from "../../src/control/admission/admission-metrics.ts";
import type { SupervisorMetrics } from "../../src/proxy/supervisor/supervisor-metrics.ts";
import type { MetricsRegistry } from "../../src/telemetry/metrics.ts";
import { code, PAGE_BANNER, table } from "./markdown.ts";

const INTRO = `What \`/metrics\` of the admin port shows, in the text format of Prometheus. Each process adds what it costs, under the names that
Prometheus' own client libraries use. Labels take few values; a histogram has \`_bucket\`, \`_sum\` and \`_count\`.
`;

/** The page of all metrics, from their definitions. */
export async function metricsPage(root: string): Promise<string> {
  const [operator, proxy, admission] = await Promise.all([operatorMetrics(root), proxyMetrics(root), admissionMetrics(root)]);
  const common = new Set([...operator.metrics()].map(({ name }) => name).filter((name) => isOfProcess(name)));
  const sections: readonly (readonly [string, MetricsRegistry, (name: string) => boolean])[] = [
    ["Operator", operator, (name) => !common.has(name)],
    ["Proxy", proxy, (name) => !common.has(name)],
    ["Admission", admission, (name) => !common.has(name)],
    ["Every process", operator, (name) => common.has(name)],
  ];
  const bodies = sections.map(([title, registry, isHere]) => `## ${title}\n\n${metricsTable(registry, isHere)}`);
  return `${PAGE_BANNER}\n# Metrics\n\n${INTRO}\n${bodies.join("\n")}`;
}

function metricsTable(registry: MetricsRegistry, isHere: (name: string) => boolean): string {
  const rows = [...registry.metrics()]
    .filter(({ name }) => isHere(name))
    .map(({ name, type, labels = [], help }) => [code(name), type, labels.map(code).join(", "), help]);
  return table(["Metric", "Type", "Labels", "Meaning"], rows);
}

function isOfProcess(name: string): boolean {
  return !name.startsWith("fairway_");
}

async function operatorMetrics(root: string): Promise<MetricsRegistry> {
  const path = "src/control/admin/operator-metrics.ts";
  const { OperatorMetrics: Metrics } = (await load(root, path)) as { OperatorMetrics: typeof OperatorMetrics };
  const cluster = { isHolder: () => false, watchSilence: () => new Map(), statusBacklog: () => 0 };
  return new Metrics({ objects: () => new Map(), problems: () => [], snapshots: () => [], cluster }).registry;
}

async function proxyMetrics(root: string): Promise<MetricsRegistry> {
  const path = "src/proxy/supervisor/supervisor-metrics.ts";
  const { SupervisorMetrics: Metrics } = (await load(root, path)) as { SupervisorMetrics: typeof SupervisorMetrics };
  return new Metrics({
    rows: () => [],
    liveWorkers: () => 0,
    version: () => "",
    refused: () => 0,
    entryPointProblems: () => 0,
    isConnected: () => false,
    isIsolated: () => false,
  }).registry;
}

async function admissionMetrics(root: string): Promise<MetricsRegistry> {
  const path = "src/control/admission/admission-metrics.ts";
  const { AdmissionMetrics: Metrics } = (await load(root, path)) as { AdmissionMetrics: typeof AdmissionMetrics };
  return new Metrics().registry;
}

function load(root: string, path: string): Promise<unknown> {
  return import(pathToFileURL(join(root, path)).href);
}
