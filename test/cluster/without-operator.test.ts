import { afterAll, beforeEach, expect, test } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";

/** Proxies whose operators are all gone, on a cluster that goes on changing. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const OPERATORS = ["deployment/fairway-operator", SYSTEM] as const;
const PROXIES = ["deployment/fairway-proxy", SYSTEM] as const;

/** As shipped but for the time; the last of a flag counts. */
const ISOLATE_SOON = [{ op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--isolate-after=4" }];

beforeEach(({ skip }) => {
  if (!cluster.isOurs) skip("the cluster is not ours");
});

afterAll(async () => {
  await cluster.kubectl("scale", ...OPERATORS, "--replicas=2");
  await cluster.kubectl("rollout", "undo", ...PROXIES);
  await cluster.kubectl("scale", ...PROXIES, "--replicas=2");
  await cluster.kubectl("rollout", "status", ...OPERATORS, "--timeout=60s");
  await cluster.kubectl("rollout", "status", ...PROXIES, "--timeout=120s");
});

async function says(host: string): Promise<number> {
  return (await cluster.curl(`http://${host}/`)).status;
}

/** Waits until a host has said the same several times in a row: every proxy has a turn. */
async function comesToSay(host: string, status: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (let inARow = 0; inARow < 8; ) {
    inARow = (await says(host).catch(() => 0)) === status ? inARow + 1 : 0;
    if (performance.now() > deadline) throw new Error(`${host} does not come to say ${status}`);
  }
}

function route(name: string, service: string): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name },
    spec: {
      ingressClassName: "fairway",
      routes: [{ match: `Host(\`${name}.example\`)`, services: [{ name: service, port: 80 }] }],
    },
  };
}

test("ClusterIPs take the place of endpoints that nobody tells about any more; headless services answer 503; then back", async () => {
  await cluster.echo("app");
  const selector = JSON.parse(await cluster.ok("get", "service", "app", "--output=jsonpath={.spec.selector}")) as object;
  const ports = JSON.parse(await cluster.ok("get", "service", "app", "--output=jsonpath={.spec.ports}")) as readonly object[];
  const headless = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "headless" },
    spec: { clusterIP: "None", selector, ports },
  };
  await cluster.apply([headless, route("by-cluster-ip", "app"), route("headless", "headless")]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/by-cluster-ip", "ingressroute/headless", "--timeout=60s");
  await cluster.ok("patch", ...PROXIES, "--type=json", "--patch", JSON.stringify(ISOLATE_SOON));
  await cluster.ok("rollout", "status", ...PROXIES, "--timeout=120s");
  await comesToSay("headless.example", 200);

  await cluster.ok("scale", ...OPERATORS, "--replicas=0");
  await comesToSay("headless.example", 503);
  expect(await says("by-cluster-ip.example")).toBe(200);

  // Pods come and go, and their addresses with them; Kubernetes alone knows.
  await cluster.ok("rollout", "restart", "deployment/app");
  await cluster.ok("rollout", "status", "deployment/app", "--timeout=60s");
  await comesToSay("by-cluster-ip.example", 200);

  await cluster.ok("scale", ...PROXIES, "--replicas=3");
  const fresh = ["get", "pods", SYSTEM, "--selector=app.kubernetes.io/component=proxy", "--sort-by=.metadata.creationTimestamp"];
  const names = (await cluster.ok(...fresh, "--output=jsonpath={.items[*].metadata.name}")).split(" ");
  const newest = names.at(-1) ?? "";
  await cluster.ok("wait", "--for=jsonpath={.status.phase}=Running", `pod/${newest}`, SYSTEM, "--timeout=60s");
  const { code } = await cluster.kubectl("wait", "--for=condition=Ready", `pod/${newest}`, SYSTEM, "--timeout=8s");
  expect(code, "a new Pod that knows nothing stays unready").not.toBe(0);

  await cluster.ok("scale", ...OPERATORS, "--replicas=2");
  await comesToSay("headless.example", 200);
  await comesToSay("by-cluster-ip.example", 200);
  await cluster.ok("wait", "--for=condition=Ready", `pod/${newest}`, SYSTEM, "--timeout=60s");
});
