import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Outcome } from "./cluster.ts";
import { onInstalledCluster } from "./installed-cluster.ts";

const ROOT = join(import.meta.dirname, "../..");

const cluster = onInstalledCluster();

/** Runs `fairway` as a user beside the cluster does, with whatever kubeconfig kubectl would take. */
function fairway(...args: readonly string[]): Promise<Outcome> {
  return cluster.exec(process.execPath, join(ROOT, "src/main.ts"), ...args);
}

function route(name: string, host: string, service: string, more: object = {}): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: cluster.namespace, ...more },
    spec: { ingressClassName: "fairway", routes: [{ match: `Host(\`${host}\`)`, services: [{ name: service, port: 80 }] }] },
  };
}

/** A file beside the cluster; of another one than ours it goes into the folder of the run. */
function file(name: string, objects: readonly object[]): string {
  const path = join(cluster.folder, name);
  writeFileSync(path, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  return path;
}

beforeEach((context) => {
  if (!cluster.isOurs) context.skip("it counts on being alone, and on a folder beside the cluster");
});

describe("tools find the operator by a kubeconfig", () => {
  beforeAll(async () => {
    await cluster.echo("web");
    await cluster.apply([route("shop", "shop.tools.test", "web"), route("lost", "lost.tools.test", "nowhere")]);
  });

  test("check tells what is wrong, as status does", async () => {
    const found = await vi.waitFor(
      async () => {
        const { code, stdout } = await fairway("check", "--cluster", "--output", "json");
        const report = JSON.parse(stdout) as { problems: { code: string; object: { namespace: string; name: string } }[] };
        const ours = report.problems.filter(({ object }) => object.namespace === cluster.namespace);
        expect(ours.map(({ code: what, object }) => `${what} ${object.name}`)).toEqual(["ServiceNotFound lost"]);
        return code;
      },
      { timeout: 30_000, interval: 500 },
    );
    expect(found).toBe(1);
  });

  test("explain says where a request goes, down to the Pod", async () => {
    const { code, stdout, stderr } = await fairway("explain", "http://shop.tools.test/cart", "--cluster", "--output", "json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { winner } = JSON.parse(stdout) as { winner: { object: { name: string }; endpoints: { address: string }[] } };
    expect(winner.object.name).toBe("shop");
    const address = await cluster.ok("get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].status.podIP}");
    expect(winner.endpoints.map((one) => one.address)).toEqual([address]);
  });

  test("test holds what is live against a file of cases, and graph prints it", async () => {
    const cases = join(cluster.folder, "cases.yaml");
    writeFileSync(
      cases,
      `- request: { url: http://shop.tools.test/ }\n  expect: { service: ${cluster.namespace}/web }\n- request: { url: http://lost.tools.test/ }\n  expect: { status: 503 }\n`,
    );
    const [tested, printed] = [await fairway("test", "--cluster", cases), await fairway("graph", "--cluster")];
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining("2 tests, 2 passed, 0 failed") });
    const { entryPoints, routers } = JSON.parse(printed.stdout) as {
      entryPoints: { name: string }[];
      routers: { rule: string }[];
    };
    expect(entryPoints.map(({ name }) => name)).toEqual(["web", "websecure"]);
    expect(routers.map(({ rule }) => rule)).toContain("Host(`shop.tools.test`)");
  });

  test("diff says what applying would do: nothing, a change, a deletion with --prune", async () => {
    const same = file("same.yaml", [route("shop", "shop.tools.test", "web"), route("lost", "lost.tools.test", "nowhere")]);
    expect(await fairway("diff", same, "--cluster")).toMatchObject({ code: 0, stdout: "No difference.\n" });
    const moved = file("moved.yaml", [route("shop", "moved.tools.test", "web")]);
    const applied = await fairway("diff", moved, "--cluster");
    expect(applied.code).toBe(1);
    expect(applied.stdout).toContain("rule: Host(`shop.tools.test`) → Host(`moved.tools.test`)");
    expect(applied.stdout).not.toContain("  - Host(`lost.tools.test`)");
    expect((await fairway("diff", moved, "--cluster", "--prune")).stdout).toContain("  - Host(`lost.tools.test`)");
  });
});

describe("who may ask", () => {
  const ACCOUNT = "asker";

  async function kubeconfigOf(account: string): Promise<string> {
    const token = (await cluster.ok("create", "token", account)).trim();
    const text = await cluster.ok("config", "view", "--raw", "--minify", "--flatten", "--output=json");
    const config = JSON.parse(text) as { users: { user: object }[] };
    for (const one of config.users) one.user = { token };
    const path = join(cluster.folder, `${account}.kubeconfig`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  test("an account without rights is refused, and told which it takes; with them it may", async () => {
    await cluster.ok("create", "serviceaccount", ACCOUNT);
    const kubeconfig = await kubeconfigOf(ACCOUNT);
    const refused = await fairway("check", "--kubeconfig", kubeconfig);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("get of leases and pods, and get and create of pods/portforward");
    await cluster.ok("create", "--namespace=fairway-system", "--filename", file("rights.yaml", rights(ACCOUNT)));
    await vi.waitFor(async () => expect((await fairway("graph", "--kubeconfig", kubeconfig)).code).toBe(0), { timeout: 20_000 });
    await cluster.ok("delete", "role,rolebinding", "--namespace=fairway-system", "--selector=fairway.dev/test=tools");
  });

  test("who reaches the admin port over the network may read metrics, and no objects", async () => {
    const address = await cluster.ok(
      ...["get", "pods", "--namespace=fairway-system", "--selector=app.kubernetes.io/component=operator"],
      "--output=jsonpath={.items[0].status.podIP}",
    );
    const objects = await cluster.exec("curl", "-s", "-w", "\n%{http_code}", `http://${address}:9090/api/v1/objects`);
    expect(objects.stdout).toMatch(/port-forward\n\n403$/);
    const asLocal = ["curl", "-s", "-H", "Host: localhost", "-w", "\n%{http_code}", `http://${address}:9090/api/v1/objects`];
    expect((await cluster.exec(asLocal[0] as string, ...asLocal.slice(1))).stdout).toMatch(/\n403$/);
    const metrics = await cluster.exec("curl", "-s", `http://${address}:9090/metrics`);
    expect(metrics.stdout).toMatch(/^fairway_objects\{kind="IngressRoute"\} \d+$/m);
    expect(metrics.stdout).toMatch(/^fairway_lists_total\{kind="Service"\} [1-9]/m);
  });

  function rights(account: string): readonly object[] {
    const metadata = { name: "test-tools", namespace: "fairway-system", labels: { "fairway.dev/test": "tools" } };
    return [
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata,
        rules: [
          { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get"] },
          { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
          { apiGroups: [""], resources: ["pods/portforward"], verbs: ["create", "get"] },
        ],
      },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "test-tools" },
        subjects: [{ kind: "ServiceAccount", name: account, namespace: cluster.namespace }],
      },
    ];
  }
});
