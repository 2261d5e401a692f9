import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";
import { underLoad } from "./under-load.ts";

/** What is done to a cluster every day, under load: no request may notice. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const HOST = "rollouts.test";
const ROLLOUT = "--timeout=240s";
const ROUTES = 1_000;

const route = (name: string, host: string) => ({
  apiVersion: "fairway.dev/v1alpha1",
  kind: "IngressRoute",
  metadata: { name },
  spec: { ingressClassName: "fairway", routes: [{ match: `Host(\`${host}\`)`, services: [{ name: "web", port: 80 }] }] },
});

/** How often there was any other outcome than 200. */
async function lost(done: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
  const { "200": served = 0, ...others } = await underLoad(cluster, HOST, done);
  expect(served).toBeGreaterThan(0);
  return others;
}

/** Routes whose status says that every proxy runs them. (`kubectl wait` asks for one after the other, which takes long for many.) */
async function programmed(): Promise<number> {
  const path = '{range .items[*]}{.status.conditions[?(@.type=="Programmed")].status}{"\\n"}{end}';
  const statuses = await cluster.ok("get", "ingressroute", `--output=jsonpath=${path}`);
  return statuses.split("\n").filter((status) => status === "True").length;
}

beforeAll(async () => {
  await cluster.echo("web", { replicas: 2 });
  await cluster.apply([route("rollouts", HOST)]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/rollouts", "--timeout=30s");
});

beforeEach(async () => {
  expect((await cluster.curl(`http://${HOST}/`)).status).toBe(200);
});

test("a workload is scaled up and down", async () => {
  const others = await lost(async () => {
    for (const replicas of [5, 1, 3, 2]) {
      await cluster.ok("scale", "deployment/web", `--replicas=${replicas}`);
      await cluster.ok("rollout", "status", "deployment/web", ROLLOUT);
    }
  });
  expect(others).toEqual({});
});

test("a workload is restarted", async () => {
  const others = await lost(async () => {
    await cluster.ok("rollout", "restart", "deployment/web");
    await cluster.ok("rollout", "status", "deployment/web", ROLLOUT);
  });
  expect(others).toEqual({});
});

test("the operator is restarted, and routes change meanwhile", async () => {
  const others = await lost(async () => {
    await cluster.ok("rollout", "restart", "deployment/fairway-operator", SYSTEM);
    await cluster.apply([route("meanwhile", "meanwhile.test")]);
    await cluster.ok("rollout", "status", "deployment/fairway-operator", SYSTEM, ROLLOUT);
    await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/meanwhile", "--timeout=60s");
    expect((await cluster.curl("http://meanwhile.test/")).status).toBe(200);
  });
  expect(others).toEqual({});
});

test("the proxies are restarted", { timeout: 400_000 }, async () => {
  const pods = async () =>
    (await cluster.ok("get", "pods", SYSTEM, "--selector=app.kubernetes.io/component=proxy", "-oname")).trim();
  const others = await lost(async () => {
    const before = (await pods()).split("\n");
    await cluster.ok("rollout", "restart", "deployment/fairway-proxy", SYSTEM);
    await cluster.ok("rollout", "status", "deployment/fairway-proxy", SYSTEM, ROLLOUT);
    for (const pod of before) await cluster.ok("wait", "--for=delete", pod, SYSTEM, "--timeout=120s");
  });
  expect(others).toEqual({});
});

test("a thousand routes are applied at once and deleted again", { timeout: 400_000 }, async () => {
  const routes = Array.from({ length: ROUTES }, (_, index) => route(`many-${index}`, `many-${index}.test`));
  const others = await lost(async () => {
    await cluster.apply(routes);
    await vi.waitFor(async () => expect((await cluster.curl(`http://many-${ROUTES - 1}.test/`)).status).toBe(200), {
      timeout: 10_000,
    });
    await vi.waitFor(async () => expect(await programmed()).toBeGreaterThanOrEqual(ROUTES), { timeout: 60_000, interval: 1_000 });
    await cluster.ok("delete", "ingressroute", "--field-selector=metadata.name!=rollouts", "--wait=false");
    await vi.waitFor(async () => expect((await cluster.curl("http://many-0.test/")).status).toBe(404), { timeout: 30_000 });
  });
  expect(others).toEqual({});
});
