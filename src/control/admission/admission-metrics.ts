import { MetricsRegistry } from "../../telemetry/metrics.ts";
import { addProcessMetrics } from "../../telemetry/process-metrics.ts";
import type { ReviewResult } from "./admission-server.ts";

const RESULTS: readonly ReviewResult[] = ["allowed", "warned", "denied", "unreadable", "overloaded", "failed"];

/** The metrics of the webhook. */
export class AdmissionMetrics {
  readonly registry = new MetricsRegistry();
  /** Label `result`: a ReviewResult. */
  readonly reviews = this.registry.counter("fairway_admission_reviews_total", "Admission reviews, by what became of them.", [
    "result",
  ]);

  constructor() {
    for (const result of RESULTS) this.reviews.add(0, { result });
    addProcessMetrics(this.registry);
  }
}
