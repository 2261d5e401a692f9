import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Echo } from "../../hack/demo/echo-server.ts";
import { onInstalledCluster } from "./installed-cluster.ts";
import { pause, underLoad } from "./under-load.ts";

/** Classes side by side: two of one operator, and two operators. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const INTERNAL = "internal";
const OTHER_CONTROLLER = "other.example/ingress-controller";
const LIVE = { timeout: 40_000, interval: 500 };

const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: INTERNAL, namespace: "fairway-system" } };

const fairwayClass = (port: number) => ({
  apiVersion: "fairway.dev/v1alpha1",
  kind: "FairwayClass",
  metadata: { name: INTERNAL },
  spec: {
    entryPoints: [{ name: "web", address: `:${port}` }],
    proxies: {
      serviceAccount: { name: INTERNAL, namespace: "fairway-system" },
      service: { name: INTERNAL, namespace: "fairway-system" },
    },
    publish: { addresses: ["192.0.2.7"] },
  },
});

const ingressClass = (name: string, controller: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name },
  spec: {
    controller,
    ...(name === INTERNAL && { parameters: { apiGroup: "fairway.dev", kind: "FairwayClass", name: INTERNAL } }),
  },
});

const ingress = (name: string, className: string, host: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName: className,
    rules: [
      { host, http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] } },
    ],
  },
});

interface Deployment {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: {
    readonly selector: object;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

interface Container {
  readonly args: readonly string[];
}

/** A copy of a shipped Deployment, under another name and account. */
async function copyOf(name: string, as: string, args: (shipped: readonly string[]) => readonly string[]): Promise<object> {
  const { spec } = JSON.parse(await cluster.ok("get", "deployment", name, SYSTEM, "--output=json")) as Deployment;
  const labels = { "test.example/copy": as };
  const [container] = spec.template.spec.containers;
  const containers = [{ ...container, args: args(container?.args ?? []) }];
  const serviceAccountName = as === INTERNAL ? INTERNAL : "fairway-operator";
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: as, namespace: "fairway-system" },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...spec.template.spec, topologySpreadConstraints: null, serviceAccountName, containers },
      },
    },
  };
}

/** Asks a Pod at its own address. */
async function askPod(label: string, port: number, host: string): Promise<{ readonly status: number; readonly server: string }> {
  const path = "--output=jsonpath={.items[0].status.podIP}";
  const address = await cluster.ok(
    "get",
    "pods",
    SYSTEM,
    `--selector=test.example/copy=${label}`,
    "--field-selector=status.phase=Running",
    path,
  );
  const flags = ["--silent", "--max-time", "5", "--write-out", "\n%{http_code}", "--header", `Host: ${host}`];
  const { stdout } = await cluster.exec("curl", ...flags, `http://${address}:${port}/`);
  const [status = "", ...body] = stdout.split("\n").reverse();
  return { status: Number(status), server: status === "200" ? (JSON.parse(body.reverse().join("\n")) as Echo).server : "" };
}

const addressOf = (name: string) => cluster.ok("get", "ingress", name, "--output=jsonpath={.status.loadBalancer.ingress[*].ip}");

beforeAll(async () => {
  await cluster.echo("web");
});

beforeEach((context) => {
  if (!cluster.isOurs) context.skip("it adds to fairway-system");
});

describe("two classes of one operator", () => {
  beforeAll(async () => {
    const ports = [{ name: "web", port: 80, targetPort: 8090 }];
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: INTERNAL, namespace: "fairway-system" },
      spec: { selector: { "test.example/copy": INTERNAL }, ports },
    };
    const proxy = await copyOf("fairway-proxy", INTERNAL, (shipped) => shipped);
    const classes = [fairwayClass(8090), ingressClass(INTERNAL, "fairway.dev/ingress-controller")];
    await cluster.apply([account, ...classes, service, proxy], "fairway-system");
    await cluster.ok("rollout", "status", `deployment/${INTERNAL}`, SYSTEM, "--timeout=60s");
    await cluster.apply([ingress("public", "fairway", "public.test"), ingress("internal", INTERNAL, "internal.test")]);
  });

  afterAll(async () => {
    await cluster.kubectl("delete", "deployment,service,serviceaccount", INTERNAL, SYSTEM);
    await cluster.kubectl("delete", `ingressclass/${INTERNAL}`, `fairwayclass/${INTERNAL}`);
  });

  test("each proxy serves its own class and nothing else", async () => {
    await vi.waitFor(async () => expect((await askPod(INTERNAL, 8090, "internal.test")).status).toBe(200), LIVE);
    expect((await askPod(INTERNAL, 8090, "public.test")).status).toBe(404);
    await vi.waitFor(async () => expect((await cluster.curl("http://public.test/")).status).toBe(200), LIVE);
    expect((await cluster.curl("http://internal.test/")).status).toBe(404);
  });

  test("each Ingress has the addresses of its class", async () => {
    await vi.waitFor(async () => expect(await addressOf("internal")).toBe("192.0.2.7"), LIVE);
    await vi.waitFor(async () => expect(await addressOf("public")).toMatch(/^10\./), LIVE);
  });

  test("an entry point moves while the proxy runs", async () => {
    await cluster.apply([fairwayClass(8091)]);
    await vi.waitFor(async () => expect((await askPod(INTERNAL, 8091, "internal.test")).status).toBe(200), LIVE);
    await vi.waitFor(async () => expect((await askPod(INTERNAL, 8090, "internal.test")).status).toBe(0), LIVE);
  });

  test("an Ingress goes from one class to the other", async () => {
    await cluster.apply([ingress("public", INTERNAL, "public.test")]);
    await vi.waitFor(async () => expect((await askPod(INTERNAL, 8091, "public.test")).status).toBe(200), LIVE);
    await vi.waitFor(async () => expect((await cluster.curl("http://public.test/")).status).toBe(404), LIVE);
    await vi.waitFor(async () => expect(await addressOf("public")).toBe("192.0.2.7"), LIVE);
  });
});

describe("two operators", () => {
  const OTHER = "other-operator";

  /** With a controller name, a Lease and an authority of its own; it shares the cluster and nothing else. */
  const copyOfOperator = () =>
    copyOf("fairway-operator", OTHER, (shipped) => [
      ...shipped.filter((arg) => !arg.startsWith("--publish-service")),
      `--controller-name=${OTHER_CONTROLLER}`,
      "--publish-address=192.0.2.9",
      "--operator-namespace=other-system",
    ]);

  beforeAll(async () => {
    await cluster.ok("create", "namespace", "other-system");
    const copy = await copyOfOperator();
    const role = await cluster.ok("get", "role", "fairway-operator", SYSTEM, "--output=json");
    const { rules } = JSON.parse(role) as { readonly rules: unknown };
    const rights = { name: "fairway-operator", namespace: "other-system" };
    const subjects = [{ kind: "ServiceAccount", name: "fairway-operator", namespace: "fairway-system" }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "fairway-operator" };
    const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: rights };
    await cluster.apply(
      [
        { ...rbac, kind: "Role", rules },
        { ...rbac, kind: "RoleBinding", roleRef, subjects },
      ],
      "other-system",
    );
    await cluster.apply([ingressClass("other", OTHER_CONTROLLER), copy], "fairway-system");
    await cluster.ok("rollout", "status", `deployment/${OTHER}`, SYSTEM, "--timeout=60s");
  });

  afterAll(async () => {
    await cluster.kubectl("delete", `deployment/${OTHER}`, SYSTEM);
    await cluster.kubectl("delete", "ingressclass/other", "namespace/other-system", "--wait=false");
  });

  test("never touch each other's objects", async () => {
    await cluster.apply([ingress("ours", "fairway", "ours.test"), ingress("theirs", "other", "theirs.test")]);
    await vi.waitFor(async () => expect(await addressOf("ours")).toMatch(/^10\./), LIVE);
    await pause(3_000);
    // No proxy of theirs is connected, so nothing of theirs is programmed; and ours says nothing of it.
    expect(await addressOf("theirs")).toBe("");
    expect((await cluster.curl("http://theirs.test/")).status).toBe(404);
    const { "200": served = 0, ...others } = await underLoad(cluster, "ours.test", async () => {
      await cluster.ok("delete", `deployment/${OTHER}`, SYSTEM);
      await pause(2_000);
    });
    expect(served).toBeGreaterThan(0);
    expect(others).toEqual({});
  });

  test("both say of a shared Middleware what it is to them", async () => {
    const middleware = {
      apiVersion: "fairway.dev/v1alpha1",
      kind: "Middleware",
      metadata: { name: "shared" },
      spec: { addPrefix: { prefix: "/shared" } },
    };
    const route = (name: string, className: string) => ({
      apiVersion: "fairway.dev/v1alpha1",
      kind: "IngressRoute",
      metadata: { name },
      spec: {
        ingressClassName: className,
        routes: [{ match: `Host(\`${name}.test\`)`, middlewares: [{ name: "shared" }], services: [{ name: "web", port: 80 }] }],
      },
    });
    await cluster.apply([await copyOfOperator()], "fairway-system");
    await cluster.apply([middleware, route("a-route", "fairway"), route("another-route", "other")]);
    await vi.waitFor(async () => {
      const names = await cluster.ok("get", "middleware", "shared", "--output=jsonpath={.status.controllers[*].controllerName}");
      expect(names.split(" ").sort()).toEqual(["fairway.dev/ingress-controller", OTHER_CONTROLLER]);
    }, LIVE);
  });
});
