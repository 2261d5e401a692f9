import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { succeeded } from "./cluster.ts";
import { onInstalledCluster } from "./installed-cluster.ts";
import { expectLive, hostRoute, LIVE, statusOf, unnoticed } from "./live-route.ts";
import { pause } from "./under-load.ts";

/** What happens to traffic and to changes when the API server fails the operator. These break the cluster, so it has to be ours. */
const cluster = onInstalledCluster();

const HOST = "api-faults.test";
/** What gives the operator its rights. */
const BINDINGS = ["fairway-operator", "fairway-operator-watched"];

interface Binding {
  readonly metadata: { readonly name: string; readonly labels: object };
}

/** The API server answers again. */
async function answering(): Promise<void> {
  await vi.waitFor(async () => expect((await cluster.kubectl("get", "--raw", "/readyz")).code).toBe(0), LIVE);
}

/** Asks etcd through its JSON gateway. */
async function etcd<T>(path: string, body: object): Promise<T> {
  const asked = ["--silent", "--fail", "--data", JSON.stringify(body), `http://127.0.0.1:2379/v3/${path}`];
  return JSON.parse(succeeded(await cluster.exec("curl", ...asked))) as T;
}

beforeAll(async () => {
  await cluster.echo("web", { replicas: 2 });
  await cluster.apply([hostRoute("api-faults", HOST)]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/api-faults", "--timeout=60s");
});

beforeEach((context) => {
  if (!cluster.isOurs) context.skip("it breaks the cluster");
});

afterEach(async () => {
  await cluster.exec("pkill", "-CONT", "-x", "kube-apiserver");
  await answering();
});

test("the API server is killed", async () => {
  await unnoticed(cluster, HOST, async () => {
    expect((await cluster.exec("pkill", "-KILL", "-x", "kube-apiserver")).code).toBe(0);
    await pause(1_000);
    await answering();
    await expectLive(cluster, "after-a-crash");
  });
});

test("the API server is restarted", async () => {
  await unnoticed(cluster, HOST, async () => {
    expect((await cluster.exec("pkill", "-x", "kube-apiserver")).code).toBe(0);
    await pause(1_000);
    await answering();
    await expectLive(cluster, "after-a-restart");
  });
});

test("the API server hangs for longer than a Lease", async () => {
  await unnoticed(cluster, HOST, async () => {
    expect((await cluster.exec("pkill", "-STOP", "-x", "kube-apiserver")).code).toBe(0);
    await pause(20_000);
    expect((await cluster.exec("pkill", "-CONT", "-x", "kube-apiserver")).code).toBe(0);
    await answering();
    await expectLive(cluster, "after-a-pause");
  });
});

test("etcd loses its history", async () => {
  await unnoticed(cluster, HOST, async () => {
    // What was watched is compacted away: watches that are opened again are told 410 and have to list.
    const { header } = await etcd<{ header: { revision: string } }>("kv/range", { key: "AA==" });
    await etcd("kv/compaction", { revision: header.revision, physical: true });
    expect((await cluster.exec("pkill", "-KILL", "-x", "kube-apiserver")).code).toBe(0);
    await pause(1_000);
    await answering();
    await expectLive(cluster, "after-compaction");
  });
});

test("the operator's rights are taken away and given back", async () => {
  const bindings = JSON.parse(await cluster.ok("get", "clusterrolebinding", ...BINDINGS, "--output=json")) as {
    items: readonly Binding[];
  };
  await unnoticed(cluster, HOST, async () => {
    await cluster.ok("delete", "clusterrolebinding", ...BINDINGS);
    try {
      // Watches that are open go on; those that are opened now are refused.
      await cluster.exec("pkill", "-KILL", "-x", "kube-apiserver");
      await pause(1_000);
      await answering();
      await cluster.apply([hostRoute("without-rights", "without-rights.test")]);
      await pause(3_000);
      expect(await statusOf(cluster, "without-rights.test")).toBe(404);
    } finally {
      await cluster.apply(
        bindings.items.map(({ metadata: { name, labels }, ...rest }) => ({ ...rest, metadata: { name, labels } })),
      );
    }
    await vi.waitFor(async () => expect(await statusOf(cluster, "without-rights.test")).toBe(200), LIVE);
  });
});

test("a kind is removed while it is watched, and comes back", async () => {
  const definition = new URL("../../crds/tlsstores.yaml", import.meta.url).pathname;
  await unnoticed(cluster, HOST, async () => {
    await cluster.ok("delete", "--filename", definition);
    await expectLive(cluster, "without-a-kind");
    await cluster.ok("apply", "--filename", definition);
    await cluster.ok("wait", "--for=condition=Established", "--filename", definition, "--timeout=30s");
    await expectLive(cluster, "with-it-again");
  });
});
