import { expect, test } from "vitest";
import { encodeResource, SetHash } from "../../model/encode.ts";
import { resourceId } from "../../model/ids.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { OperatorMetrics } from "./operator-metrics.ts";

const ROUTE = { kind: "IngressRoute", namespace: "shop", name: "web" };

function snapshot(): Snapshot {
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" });
  const encoded = encodeResource({ id, name: "web", host: "", port: 80, tls: false, trustedProxies: [] });
  const version = new SetHash();
  version.add(encoded.hash);
  return { class: "public", version: version.hex(), resources: new Map([[id, encoded]]) };
}

test("the world is counted when it is asked for: objects by kind, problems by severity, resources by type", () => {
  const published = snapshot();
  const metrics = new OperatorMetrics({
    objects: () => new Map([["IngressRoute", 3]]),
    problems: () => [problem("InvalidRule", ROUTE, "spec", "x"), problem("Conflict", ROUTE, "spec", "x")],
    snapshots: () => [published],
    cluster: { isHolder: () => true, watchSilence: () => new Map([["Secret", 4]]), statusBacklog: () => 2 },
  });
  const text = metrics.registry.text();
  const bytes = [...published.resources.values()][0]?.body.length;
  for (const line of [
    'fairway_objects{kind="IngressRoute"} 3',
    'fairway_problems{severity="error"} 1',
    'fairway_problems{severity="warning"} 1',
    'fairway_problems{severity="info"} 0',
    `fairway_snapshot_version{class="public",version="${published.version}"} 1`,
    'fairway_snapshot_resources{class="public",type="entryPoint"} 1',
    `fairway_snapshot_bytes{class="public"} ${bytes}`,
    "fairway_lease_holder 1",
    'fairway_watch_silence_seconds{kind="Secret"} 4',
    "fairway_status_backlog 2",
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test("a change counts until the last proxy of its class answers; refusals count by how much they refuse", () => {
  let nowMs = 1_000;
  const metrics = new OperatorMetrics(
    { objects: () => new Map(), problems: () => [], snapshots: () => [] },
    { now: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} },
  );
  const answer = { proxyId: "a", class: "public", resumed: false, version: "v1", refused: [], whole: null };
  metrics.answered({ ...answer, version: "v0" });
  metrics.compiled({
    sequence: 1,
    changed: [],
    touched: [],
    problems: [],
    problemsChanged: false,
    changedRouters: [],
    versions: new Map([["public", "v1"]]),
    changedObjects: 1,
    durationMs: 20,
    compileMs: 2,
    publishMs: 1,
  });
  nowMs = 1_040;
  metrics.answered({ ...answer, refused: [{ id: resourceId("router", ROUTE), reason: "no" }] });
  metrics.answered({ ...answer, whole: "no worker took it" });
  const text = metrics.registry.text();
  for (const line of [
    'fairway_rollout_seconds_sum{class="public"} 0.06',
    'fairway_rollout_seconds_bucket{class="public",le="0.05"} 0',
    'fairway_rollout_seconds_bucket{class="public",le="0.1"} 1',
    "fairway_compile_seconds_count 1",
    'fairway_proxy_refusals_total{class="public",extent="parts"} 1',
    'fairway_proxy_refusals_total{class="public",extent="whole"} 1',
    'fairway_proxies_connected{class="public"} 1',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect(text).not.toContain("fairway_lease_holder");
});

test("every label of a sample is one that its metric says it has", () => {
  const published = snapshot();
  const { registry, ...metrics } = new OperatorMetrics({
    objects: () => new Map([["IngressRoute", 3]]),
    problems: () => [],
    snapshots: () => [published],
    cluster: { isHolder: () => true, watchSilence: () => new Map([["Secret", 4]]), statusBacklog: () => 2 },
  });
  metrics.lists.add(1, { kind: "Secret" });
  metrics.rolloutSeconds.observe(1, { class: "public" });
  for (const { name, labels = [], read } of registry.metrics()) {
    for (const sample of read()) {
      expect([name, ...Object.keys(sample.labels).filter((label) => label !== "le")]).toEqual([name, ...labels]);
    }
  }
});
