import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { curl, proxyTarget } from "./ask.ts";
import { Cluster, type Missing, type Outcome, succeeded } from "./cluster.ts";
import { echoWorkload } from "./echo-workload.ts";
import { type ImageArchives, importImages, makeImages, untilReady } from "./fairway-install.ts";

const CONFIG = join(import.meta.dirname, "../../config");
const HELM = join(import.meta.dirname, "local/helm");

/** A way to install, as a user does it: what is run the first time, and again. */
interface Way {
  readonly name: string;
  install(cluster: Cluster): Promise<Outcome>;
  again(cluster: Cluster): Promise<Outcome>;
  /** What the proxies are. */
  readonly workload: string;
}

const kustomized = (folder: string, workload: string): Way => {
  const apply = (cluster: Cluster): Promise<Outcome> => cluster.kubectl("apply", "-k", join(CONFIG, folder));
  return { name: `config/${folder}`, install: apply, again: apply, workload };
};

const helm = (cluster: Cluster, ...args: readonly string[]): Promise<Outcome> => {
  const folder = execFileSync(HELM, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  return cluster.exec(join(folder, "helm"), ...args, "--namespace=fairway-system");
};

const chart: Way = {
  name: "the chart",
  install: (cluster) => helm(cluster, "install", "fairway", join(CONFIG, "chart"), "--create-namespace"),
  again: (cluster) => helm(cluster, "upgrade", "fairway", join(CONFIG, "chart")),
  workload: "deployment/fairway-proxy",
};

const WAYS = [
  kustomized("default", "deployment/fairway-proxy"),
  chart,
  kustomized("overlays/namespaced", "deployment/fairway-proxy"),
  kustomized("overlays/daemonset-hostport", "daemonset/fairway-proxy"),
];

/** kubectl has a patch for a PodDisruptionBudget's selector each time, and so says `configured` where nothing changes. */
const SAID_EACH_TIME = /^poddisruptionbudget\.policy\/\S+ configured( \(server dry run\))?$/;

const ROUTE = {
  apiVersion: "fairway.dev/v1alpha1",
  kind: "IngressRoute",
  metadata: { name: "installed" },
  spec: {
    ingressClassName: "fairway",
    routes: [{ match: "Host(`installed.test`)", services: [{ name: "installed", port: 80 }] }],
  },
};

let folder = "";
let images: ImageArchives;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairway-images-"));
  images = await makeImages(folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(WAYS)("$name on an empty cluster", (way) => {
  let started: Cluster | Missing;

  beforeAll(async () => {
    started = await Cluster.start();
    if (started instanceof Cluster) await importImages(started, images);
    else console.error(`\nSKIPPED: installing cannot be tried on this machine: ${started.missing}\n`);
  });

  beforeEach((context) => {
    if (!(started instanceof Cluster)) context.skip(`cannot run on this machine: ${started.missing}`);
  });

  afterAll(() => {
    if (started instanceof Cluster) started.stop();
  });

  const cluster = (): Cluster => started as Cluster;

  test("succeeds the first time, and operator and proxies become ready", async () => {
    const { code, stderr } = await way.install(cluster());
    expect(stderr).not.toContain("Warning");
    expect(code, stderr).toBe(0);
    await untilReady(cluster());
    succeeded(await cluster().kubectl("rollout", "status", way.workload, "--namespace=fairway-system", "--timeout=5s"));
  });

  test("serves a route, and says so in its status", async () => {
    succeeded(await cluster().kubectlWith([...echoWorkload("installed", {}), ROUTE], "apply"));
    succeeded(await cluster().kubectl("rollout", "status", "deployment/installed", "--timeout=60s"));
    succeeded(await cluster().kubectl("wait", "--for=condition=Programmed", "ingressroute/installed", "--timeout=30s"));
    const url = "http://installed.test/hello";
    const to = way.workload.startsWith("daemonset")
      ? { address: "10.243.0.1", http: 80, https: 443 }
      : await proxyTarget(cluster());
    await vi.waitFor(async () => expect(await curl(cluster(), to, url, [])).toMatchObject({ status: 200 }), { timeout: 20_000 });
    expect((await curl(cluster(), to, url, [])).body).toMatch(/"server": "installed-.*"path": "\/hello"/s);
  });

  test("changes nothing the second time", async () => {
    const before = await generations(cluster());
    const said = succeeded(await way.again(cluster()));
    if (way !== chart) {
      const lines = said.trim().split("\n");
      expect(lines.filter((line) => !line.endsWith(" unchanged") && !SAID_EACH_TIME.test(line))).toEqual([]);
    }
    expect(await generations(cluster())).toEqual(before);
  });
});

describe("every overlay, beside what is installed", () => {
  let started: Cluster | Missing;

  beforeAll(async () => {
    started = await Cluster.start();
    if (!(started instanceof Cluster)) return;
    await started.kubectlWith([SERVICE_MONITORS], "apply");
    succeeded(
      await started.kubectl("wait", "--for=condition=Established", `crd/${SERVICE_MONITORS.metadata.name}`, "--timeout=30s"),
    );
    await importImages(started, images);
    succeeded(await started.kubectl("apply", "-k", join(CONFIG, "default")));
    await untilReady(started);
  });

  beforeEach((context) => {
    if (!(started instanceof Cluster)) context.skip(`cannot run on this machine: ${started.missing}`);
  });

  afterAll(() => {
    if (started instanceof Cluster) started.stop();
  });

  test("config/default is clean by --dry-run=server and by diff", async () => {
    const said = succeeded(await (started as Cluster).kubectl("apply", "--dry-run=server", "-k", join(CONFIG, "default")));
    const lines = said.trim().split("\n");
    expect(lines.filter((line) => !line.endsWith(" unchanged (server dry run)") && !SAID_EACH_TIME.test(line))).toEqual([]);
    expect(await (started as Cluster).kubectl("diff", "-k", join(CONFIG, "default"))).toMatchObject({ code: 0, stdout: "" });
  });

  test.each(readdirSync(`${CONFIG}/overlays`))("%s is accepted under strict validation, without a warning", async (name) => {
    const args = ["apply", "--dry-run=server", "--validate=strict", "-k", `${CONFIG}/overlays/${name}`];
    const { code, stderr } = await (started as Cluster).kubectl(...args);
    // The Namespace as it is now does not allow host ports; the overlay's own does.
    const warnings = stderr
      .split("\n")
      .filter((line) => line !== "" && !(name === "daemonset-hostport" && line.includes("hostPort")));
    expect(warnings).toEqual([]);
    expect(code).toBe(0);
  });

  // The namespace controller looks again only after half of the proxies' grace period: a minute, when all goes well.
  test("deleting takes everything away that was installed", { timeout: 180_000 }, async () => {
    succeeded(await (started as Cluster).kubectl("delete", "-k", join(CONFIG, "default"), "--timeout=150s"));
    const kinds = "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,ingressclasses";
    const left = succeeded(await (started as Cluster).kubectl("get", kinds, "--output=name"));
    expect(left.split("\n").filter((name) => name.includes("fairway"))).toEqual([]);
  });
});

/** How often the desired state of each object of ours has changed. */
async function generations(cluster: Cluster): Promise<string> {
  const kinds = "deployments,daemonsets,services,poddisruptionbudgets,roles,rolebindings,serviceaccounts,configmaps";
  const clusterWide = "clusterroles,clusterrolebindings,ingressclasses,customresourcedefinitions";
  const path = '{range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation} {.spec}{"\\n"}{end}';
  const some = await Promise.all([
    cluster.kubectl("get", kinds, "--namespace=fairway-system", `--output=jsonpath=${path}`),
    cluster.kubectl("get", clusterWide, `--output=jsonpath=${path}`),
  ]);
  return some.map(succeeded).join("");
}

/** The kind that the monitoring overlay needs, as far as a dry run does. */
const SERVICE_MONITORS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "servicemonitors.monitoring.coreos.com" },
  spec: {
    group: "monitoring.coreos.com",
    scope: "Namespaced",
    names: { kind: "ServiceMonitor", plural: "servicemonitors" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
