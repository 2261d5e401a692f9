import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";
import { hostRoute, unnoticed } from "./live-route.ts";

/** What is done to a cluster every day, under load: no request may notice. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const HOST = "rollouts.test";
const ROLLOUT = "--timeout=240s";
const ROUTES = 1_000;

/** Routes whose status says that every proxy runs them. (`kubectl wait` asks for one after the other, which takes long for many.) */
async function programmed(): Promise<number> {
  const path = '{range .items[*]}{.status.conditions[?(@.type=="Programmed")].status}{"\\n"}{end}';
  const statuses = await cluster.ok("get", "ingressroute", `--output=jsonpath=${path}`);
  return statuses.split("\n").filter((status) => status === "True").length;
}

beforeAll(async () => {
  await cluster.echo("web", { replicas: 2 });
  await cluster.apply([hostRoute("rollouts", HOST)]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/rollouts", "--timeout=30s");
});

beforeEach(async () => {
  expect((await cluster.curl(`http://${HOST}/`)).status).toBe(200);
});

test("a workload is scaled up and down", async () => {
  await unnoticed(cluster, HOST, async () => {
    for (const replicas of [5, 1, 3, 2]) {
      await cluster.ok("scale", "deployment/web", `--replicas=${replicas}`);
      await cluster.ok("rollout", "status", "deployment/web", ROLLOUT);
    }
  });
});

test("a workload is restarted", async () => {
  await unnoticed(cluster, HOST, async () => {
    await cluster.ok("rollout", "restart", "deployment/web");
    await cluster.ok("rollout", "status", "deployment/web", ROLLOUT);
  });
});

test("the operator is restarted, and routes change meanwhile", async () => {
  await unnoticed(cluster, HOST, async () => {
    await cluster.ok("rollout", "restart", "deployment/fairway-operator", SYSTEM);
    await cluster.apply([hostRoute("meanwhile", "meanwhile.test")]);
    await cluster.ok("rollout", "status", "deployment/fairway-operator", SYSTEM, ROLLOUT);
    await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/meanwhile", "--timeout=60s");
    expect((await cluster.curl("http://meanwhile.test/")).status).toBe(200);
  });
});

test("the proxies are restarted", { timeout: 400_000 }, async () => {
  const pods = async () =>
    (await cluster.ok("get", "pods", SYSTEM, "--selector=app.kubernetes.io/component=proxy", "-oname")).trim();
  await unnoticed(cluster, HOST, async () => {
    const before = (await pods()).split("\n");
    await cluster.ok("rollout", "restart", "deployment/fairway-proxy", SYSTEM);
    await cluster.ok("rollout", "status", "deployment/fairway-proxy", SYSTEM, ROLLOUT);
    for (const pod of before) await cluster.ok("wait", "--for=delete", pod, SYSTEM, "--timeout=120s");
  });
});

test("a thousand routes are applied at once and deleted again", { timeout: 400_000 }, async () => {
  const routes = Array.from({ length: ROUTES }, (_, index) => hostRoute(`many-${index}`, `many-${index}.test`));
  await unnoticed(cluster, HOST, async () => {
    await cluster.apply(routes);
    await vi.waitFor(async () => expect((await cluster.curl(`http://many-${ROUTES - 1}.test/`)).status).toBe(200), {
      timeout: 10_000,
    });
    await vi.waitFor(async () => expect(await programmed()).toBeGreaterThanOrEqual(ROUTES), { timeout: 60_000, interval: 1_000 });
    await cluster.ok("delete", "ingressroute", "--field-selector=metadata.name!=rollouts", "--wait=false");
    await vi.waitFor(async () => expect((await cluster.curl("http://many-0.test/")).status).toBe(404), { timeout: 30_000 });
  });
});
