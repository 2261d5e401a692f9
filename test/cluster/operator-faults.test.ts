import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";
import { expectLive, hostRoute, LIVE, statusOf, unnoticed } from "./live-route.ts";
import { pause } from "./under-load.ts";

/** What happens to traffic and to changes when operators die, hang or see nobody. These break the cluster, so it has to be ours. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const HOST = "faults.test";
/** A Lease of 15 s, and the time to take over. */
const TAKEOVER = { timeout: 60_000, interval: 500 };

/** Name of the Pod that holds the Lease. */
async function holder(): Promise<string> {
  const identity = await cluster.ok("get", "lease", "fairway-operator", SYSTEM, "--output=jsonpath={.spec.holderIdentity}");
  return identity.split("_")[0] ?? "";
}

async function otherHolder(before: string): Promise<string> {
  return vi.waitFor(async () => {
    const now = await holder();
    expect(["", before]).not.toContain(now);
    return now;
  }, TAKEOVER);
}

/** Sends a signal to every process of a Pod. */
async function signal(pod: string, name: string): Promise<void> {
  const script = `for p in /proc/[0-9]*; do grep -qzx "POD_NAME=${pod}" $p/environ 2>/dev/null && kill -${name} \${p#/proc/}; done; true`;
  expect((await cluster.exec("sh", "-c", script)).code).toBe(0);
}

async function pods(component: string): Promise<readonly string[]> {
  const names = await cluster.ok(
    "get",
    "pods",
    SYSTEM,
    `--selector=app.kubernetes.io/component=${component}`,
    "--field-selector=status.phase=Running",
    "--output=jsonpath={.items[*].metadata.name}",
  );
  return names.split(" ");
}

async function operators(replicas: number): Promise<void> {
  await cluster.ok("scale", "deployment/fairway-operator", SYSTEM, `--replicas=${replicas}`);
  await cluster.ok("rollout", "status", "deployment/fairway-operator", SYSTEM, "--timeout=120s");
  if (replicas === 0) await vi.waitFor(async () => expect(await pods("operator")).toEqual([""]), TAKEOVER);
}

/** How often an operator has listed all routes. */
async function listsOf(pod: string): Promise<number> {
  const metrics = await cluster.ok("get", "--raw", `/api/v1/namespaces/fairway-system/pods/${pod}:9090/proxy/metrics`);
  return Number(/^fairway_lists_total\{kind="IngressRoute"\} (\d+)$/m.exec(metrics)?.[1]);
}

const readiness = (pod: string) =>
  cluster.ok("get", "pod", pod, SYSTEM, '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}');

beforeAll(async () => {
  await cluster.echo("web", { replicas: 2 });
  await cluster.apply([hostRoute("faults", HOST)]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/faults", "--timeout=60s");
});

beforeEach(async (context) => {
  if (!cluster.isOurs) context.skip("it breaks the cluster");
  expect(await statusOf(cluster, HOST)).toBe(200);
});

describe("with two operators", () => {
  test("the one that serves is killed again and again", async () => {
    await unnoticed(cluster, HOST, async () => {
      await signal(await holder(), "KILL");
      await expectLive(cluster, "killed");
    });
  });

  test("the one that serves hangs, and comes to when another one has taken over", async () => {
    const before = await holder();
    try {
      await unnoticed(cluster, HOST, async () => {
        await signal(before, "STOP");
        await otherHolder(before);
        await expectLive(cluster, "paused");
        await signal(before, "CONT");
        await expectLive(cluster, "resumed");
      });
      expect(await holder()).not.toBe(before);
    } finally {
      await signal(before, "CONT");
    }
  });

  test("the one that serves no longer reaches the API server", async () => {
    const before = await holder();
    const address = await cluster.ok("get", "pod", before, SYSTEM, "--output=jsonpath={.status.podIP}");
    const rules = [
      "add table inet faults",
      "add chain inet faults cut { type filter hook prerouting priority -300; }",
      `add rule inet faults cut ip saddr ${address} tcp dport { 443, 6443 } drop`,
    ];
    try {
      await unnoticed(cluster, HOST, async () => {
        expect((await cluster.exec("sh", "-c", `echo '${rules.join("\n")}' | nft -f -`)).code).toBe(0);
        await otherHolder(before);
        await expectLive(cluster, "cut-off");
      });
    } finally {
      await cluster.exec("nft", "delete", "table", "inet", "faults");
    }
    await unnoticed(cluster, HOST, () => expectLive(cluster, "connected"));
  });
});

describe("without any operator", () => {
  beforeAll(() => operators(0));
  afterAll(() => operators(2));

  test("a proxy whose container restarts serves what it had", async () => {
    const [proxy = ""] = await pods("proxy");
    await signal(proxy, "KILL");
    await vi.waitFor(async () => {
      const restarts = await cluster.ok(
        "get",
        "pod",
        proxy,
        SYSTEM,
        "--output=jsonpath={.status.containerStatuses[0].restartCount}",
      );
      expect(Number(restarts)).toBeGreaterThan(0);
      expect(await readiness(proxy)).toBe("True");
    }, TAKEOVER);
    const address = await cluster.ok("get", "pod", proxy, SYSTEM, "--output=jsonpath={.status.podIP}");
    const asked = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--header", `Host: ${HOST}`];
    expect((await cluster.exec("curl", ...asked, `http://${address}:8080/`)).stdout).toBe("200");
  });

  test("a new proxy has nothing to serve and does not become ready", async () => {
    const before = await pods("proxy");
    const [gone = ""] = before;
    // How it ends is none of this test's concern.
    await cluster.ok("delete", "pod", gone, SYSTEM, "--grace-period=0", "--force");
    const fresh = await vi.waitFor(async () => {
      const found = (await pods("proxy")).find((pod) => !before.includes(pod));
      expect(found).toBeDefined();
      return found as string;
    }, TAKEOVER);
    await unnoticed(cluster, HOST, () => pause(10_000));
    expect(await readiness(fresh)).toBe("False");
  });

  test("an operator comes back, lists once since nobody holds the Lease, and everything goes on", async () => {
    await operators(1);
    const back = await otherHolder("");
    expect(await listsOf(back)).toBe(1);
    await operators(2);
    await cluster.ok("rollout", "status", "deployment/fairway-proxy", SYSTEM, "--timeout=60s");
    await unnoticed(cluster, HOST, () => expectLive(cluster, "back"));
  });
});

describe("without any operator for longer than the class allows", () => {
  const PARAMETERS = { apiGroup: "fairway.dev", kind: "FairwayClass", name: "isolated-soon" };
  const fairwayClass = {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "FairwayClass",
    metadata: { name: PARAMETERS.name },
    spec: { isolation: { clusterIPAfter: "3s" } },
  };
  const patch = (parameters: object | null) =>
    cluster.ok("patch", "ingressclass", "fairway", "--type=merge", "--patch", JSON.stringify({ spec: { parameters } }));

  beforeAll(async () => {
    await cluster.echo("headless");
    await cluster.ok("delete", "service", "headless");
    const ports = [{ name: "http", port: 80, targetPort: "http" }];
    await cluster.apply([
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "headless" },
        spec: { clusterIP: "None", selector: { app: "headless" }, ports },
      },
      hostRoute("headless", "headless.test", "headless"),
      fairwayClass,
    ]);
    await patch(PARAMETERS);
    await cluster.ok("wait", "--for=condition=Programmed", "fairwayclass/isolated-soon", "--timeout=30s");
    await vi.waitFor(async () => expect(await statusOf(cluster, "headless.test")).toBe(200), LIVE);
  });

  afterAll(async () => {
    await operators(2);
    await cluster.ok("delete", "fairwayclass", "isolated-soon", "--wait=false");
  });

  test("Services are asked by their own address, since those of Pods are used again", async () => {
    await unnoticed(cluster, HOST, async () => {
      await operators(0);
      await vi.waitFor(async () => expect(await statusOf(cluster, "headless.test")).toBe(503), LIVE);
    });
    await cluster.ok("rollout", "restart", "deployment/web");
    await cluster.ok("rollout", "status", "deployment/web", "--timeout=60s");
    await pause(5_000);
    await unnoticed(cluster, HOST, () => pause(2_000));
  });

  test("and by their Pods' when there is an operator again", async () => {
    await patch(null);
    await operators(2);
    await vi.waitFor(async () => expect(await statusOf(cluster, "headless.test")).toBe(200), LIVE);
    await unnoticed(cluster, HOST, () => expectLive(cluster, "again"));
  });
});
