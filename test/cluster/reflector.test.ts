import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WATCHED_KINDS } from "../../src/control/sources/kubernetes/kinds.ts";
import { Cluster, type Missing, succeeded } from "./cluster.ts";
import { WatchingProcess, watchersToken } from "./watched-cluster.ts";

const CRDS = new URL("../../crds", import.meta.url).pathname;
const OBJECTS = 5_000;

let started: Cluster | Missing;
let token: string;
let watching: WatchingProcess;

beforeAll(async () => {
  started = await Cluster.start();
  if ("missing" in started) return console.error(`SKIPPED, no test cluster: ${started.missing}`);
  succeeded(await started.kubectl("apply", "--kustomize", CRDS));
  succeeded(await started.kubectl("wait", "--for=condition=Established", "crd", "--all"));
  token = await watchersToken(started, WATCHED_KINDS);
  watching = new WatchingProcess(started, token, 18_001);
  await watching.ready();
});
afterAll(async () => {
  await watching?.stop();
  if (started !== undefined && !("missing" in started)) started.stop();
});
beforeEach(({ skip }) => {
  if ("missing" in started) skip(`no test cluster: ${started.missing}`);
});

const cluster = (): Cluster => started as Cluster;

function route(name: string, host = `${name}.example.com`): object {
  const routes = [{ kind: "Rule", match: `Host(\`${host}\`)`, services: [{ name: "cart", port: 80 }] }];
  return { apiVersion: "fairway.dev/v1alpha1", kind: "IngressRoute", metadata: { name, namespace: "default" }, spec: { routes } };
}

async function apply(...objects: readonly object[]): Promise<void> {
  succeeded(await cluster().kubectlWith(objects, "apply"));
}

async function remove(kind: string, name: string): Promise<void> {
  succeeded(await cluster().kubectl("delete", kind, name, "--namespace", "default"));
}

/** Waits until the API server answers again. */
async function answering(): Promise<void> {
  await expect.poll(async () => (await cluster().kubectl("get", "--raw", "/readyz")).code, { timeout: 60_000 }).toBe(0);
}

/** Has etcd forget everything before now. */
async function compactEtcd(): Promise<void> {
  const post = (path: string, body: object): Promise<string> =>
    cluster().exec("curl", "-sf", "-d", JSON.stringify(body), `http://127.0.0.1:2379/v3/${path}`).then(succeeded);
  const { header } = JSON.parse(await post("maintenance/status", {})) as { header: { revision: string } };
  await post("kv/compaction", { revision: header.revision, physical: true });
}

/** Nothing but these changes came since some moment, in any order. */
function expectOnly(changes: readonly string[], since: number): void {
  expect(new Set(watching.changes(since))).toEqual(new Set(changes));
}

// Each test leaves the world as it found it, but for what it names.
describe("watching a real API server", () => {
  test("changes come as they are made", async () => {
    const since = watching.told.length;
    await apply(route("a"), route("b"));
    await watching.sees("+IngressRoute/b", since);
    await remove("ingressroute", "b");
    await watching.sees("-IngressRoute/b", since);
    expectOnly(["+IngressRoute/a", "+IngressRoute/b", "-IngressRoute/b"], since);
  });

  test.each(["-TERM", "-KILL"])("an API server that is restarted (%s) takes nothing away", async (signal) => {
    const since = watching.told.length;
    succeeded(await cluster().exec("pkill", signal, "-x", "kube-apiserver"));
    await answering();
    await apply(route(`after${signal.toLowerCase()}`));
    await watching.sees(`+IngressRoute/after${signal.toLowerCase()}`, since);
    expectOnly([`+IngressRoute/after${signal.toLowerCase()}`], since);
    await remove("ingressroute", `after${signal.toLowerCase()}`);
  });

  test("an API server that hangs for a while takes nothing away", async () => {
    const since = watching.told.length;
    succeeded(await cluster().exec("pkill", "-STOP", "-x", "kube-apiserver"));
    await sleep(6_000);
    succeeded(await cluster().exec("pkill", "-CONT", "-x", "kube-apiserver"));
    await answering();
    await apply(route("thawed"));
    await watching.sees("+IngressRoute/thawed", since);
    expectOnly(["+IngressRoute/thawed"], since);
    await remove("ingressroute", "thawed");
  });

  test("history that was compacted away is made up for by one list, deletions included", async () => {
    await apply(route("deleted-meanwhile"), route("changed-meanwhile"));
    await watching.sees("+IngressRoute/changed-meanwhile");
    await watching.order("cut");
    const since = watching.told.length;
    await remove("ingressroute", "deleted-meanwhile");
    await apply(route("changed-meanwhile", "other.example.com"), route("made-meanwhile"));
    await compactEtcd();
    // What the API server remembers itself goes with it.
    succeeded(await cluster().exec("pkill", "-KILL", "-x", "kube-apiserver"));
    await answering();
    await watching.order("mend");
    await watching.sees("-IngressRoute/deleted-meanwhile", since);
    const changes = ["+IngressRoute/changed-meanwhile", "+IngressRoute/made-meanwhile", "-IngressRoute/deleted-meanwhile"];
    const batch = watching.told.slice(since).find((each) => each.told === "changes");
    expect(batch).toMatchObject({ count: 3 });
    expectOnly(changes, since);
  });

  test("connections that died without a word are noticed, and nothing is missed", async () => {
    const since = watching.told.length;
    await watching.order("freeze");
    await apply(route("unheard"));
    await watching.sees("+IngressRoute/unheard", since);
    expectOnly(["+IngressRoute/unheard"], since);
    await remove("ingressroute", "unheard");
  });

  test("rights that are taken away leave the world as it was, and given back they bring it up to date", async () => {
    const since = watching.told.length;
    succeeded(await cluster().kubectl("delete", "clusterrolebinding", "watcher"));
    await watching.order("cut");
    await watching.order("mend");
    await watching.isToldOf({ kind: "IngressRoute", is: "failing", status: 403 }, since);
    await apply(route("unseen"));
    expect(watching.changes(since)).toEqual([]);
    await watchersToken(cluster(), WATCHED_KINDS);
    await watching.sees("+IngressRoute/unseen", since);
    await watching.isToldOf({ kind: "IngressRoute", is: "following" }, since);
    await remove("ingressroute", "unseen");
  });

  test("a kind whose definition is removed takes its objects along and nothing else, and is picked up when it is back", async () => {
    const middleware = {
      apiVersion: "fairway.dev/v1alpha1",
      kind: "Middleware",
      metadata: { name: "strip", namespace: "default" },
      spec: { stripPrefix: { prefixes: ["/api"] } },
    };
    await apply(middleware);
    await watching.sees("+Middleware/strip");
    const since = watching.told.length;
    succeeded(await cluster().kubectl("delete", "crd", "middlewares.fairway.dev"));
    await watching.sees("-Middleware/strip", since);
    await watching.isToldOf({ kind: "Middleware", is: "absent" }, since);
    expectOnly(["-Middleware/strip"], since);
    succeeded(await cluster().kubectl("apply", "--kustomize", CRDS));
    succeeded(await cluster().kubectl("wait", "--for=condition=Established", "crd/middlewares.fairway.dev"));
    await apply(middleware);
    await watching.sees("+Middleware/strip", since);
  });

  test(`${OBJECTS} objects are listed, all of them`, async () => {
    await watching.order(`fill ${OBJECTS}`);
    const second = new WatchingProcess(cluster(), token, 18_002);
    try {
      const { objects, ms } = await second.ready();
      console.info(`${objects} objects listed in ${ms} ms`);
      expect(objects).toBeGreaterThanOrEqual(OBJECTS);
      const since = second.told.length;
      await second.order("relist");
      expect(second.changes(since)).toEqual([]);
      await remove("ingressroute", "route-7");
      await second.sees("-IngressRoute/route-7", since);
      await watching.sees("-IngressRoute/route-7");
    } finally {
      await second.stop();
    }
  });
});
