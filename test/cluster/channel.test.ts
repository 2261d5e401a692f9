import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Visit, Visited } from "./channel-visitor.ts";
import { onInstalledCluster } from "./installed-cluster.ts";
import type { Outcomes, SteadyLoad } from "./steady-load.ts";

/** The channel between the shipped operator and proxies: who is let in by a real API server's word, and how holders follow one another. */
const cluster = onInstalledCluster();

const SYSTEM = "--namespace=fairway-system";
const VISITOR = "a-visitor";

/** A Pod of the proxies' account that no scheduler takes: what a token can be bound to. */
const visitorPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: VISITOR, namespace: "fairway-system" },
  spec: {
    serviceAccountName: "fairway-proxy",
    schedulerName: "nobody",
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "none",
        image: "none.invalid/none",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  },
};

interface Lease {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly holderIdentity?: string; readonly leaseTransitions: number };
}

async function lease(): Promise<Lease> {
  return JSON.parse(await cluster.ok("get", "lease", "fairway-operator", SYSTEM, "--output=json")) as Lease;
}

/** Name of the Pod that holds the Lease; "" when none does. */
async function holder(): Promise<string> {
  return (await lease()).spec.holderIdentity?.split("_")[0] ?? "";
}

async function until(what: string, holds: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`after ${limitMs} ms it does not hold that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A token as a kubelet would mount it; `args` say another account, audience or Pod. */
function token({
  account = "fairway-proxy",
  namespace = "fairway-system",
  audience = "fairway.dev/channel",
  pod = VISITOR,
} = {}) {
  const bound = pod === "" ? [] : ["--bound-object-kind=Pod", `--bound-object-name=${pod}`];
  const of = audience === "" ? [] : [`--audience=${audience}`];
  return cluster.ok("create", "token", account, `--namespace=${namespace}`, ...of, ...bound);
}

let bundle = "";

/** Comes to the channel of an operator with a token. */
async function visit(
  visitorToken: string,
  options: { readonly className?: string; readonly ca?: string; readonly url?: string } = {},
) {
  const { className = "", ca = bundle, url = await holderUrl() } = options;
  const [caFile, tokenFile] = [join(cluster.folder, "visitor-ca"), join(cluster.folder, "visitor-token")];
  writeFileSync(caFile, ca);
  writeFileSync(tokenFile, visitorToken);
  const said: Visit = { url, caFile, tokenFile, proxyId: VISITOR, className };
  return JSON.parse(await program("channel-visitor.ts", said)) as Visited;
}

async function program(name: string, argument: unknown): Promise<string> {
  const { code, stdout, stderr } = await cluster.exec(
    process.execPath,
    join(import.meta.dirname, name),
    JSON.stringify(argument),
  );
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function holderUrl(): Promise<string> {
  return (await lease()).metadata.annotations["fairway.dev/holder-url"] ?? "";
}

/** Makes the visitor's Pod, once; skips the test where a cluster is not ours to do that to. */
beforeEach(async ({ skip }) => {
  if (!cluster.isOurs) skip("the cluster is not ours");
  if (bundle !== "") return;
  const path = join(cluster.folder, "visitor.json");
  writeFileSync(path, JSON.stringify(visitorPod));
  await cluster.ok("apply", `--filename=${path}`, SYSTEM);
  bundle = await cluster.ok("get", "configmap", "fairway-channel-ca", SYSTEM, "--output=jsonpath={.data.ca\\.crt}");
});

test("a token of the proxies' account, made for the channel and bound to the Pod, is let in", async () => {
  expect(await visit(await token())).toMatchObject({ lost: "" });
  expect((await visit(await token(), { className: "fairway" })).resources).toBeGreaterThan(0);
});

test("any other token is refused, and told why", async () => {
  expect((await visit(await token({ audience: "" }))).lost).toMatch(/^the operator refused: the token is not good: .*audience/);
  expect((await visit(await token({ pod: "" }))).lost).toMatch(/the token is bound to no Pod/);
  const other = { ...visitorPod, metadata: { name: "other", namespace: cluster.namespace } };
  await cluster.apply([{ ...other, spec: { ...visitorPod.spec, serviceAccountName: "default" } }]);
  const stranger = await token({ account: "default", namespace: cluster.namespace, pod: "other" });
  expect((await visit(stranger)).lost).toMatch(/calls itself "a-visitor", and its token is that of the Pod "other"/);
  expect((await visit(await token(), { className: "elsewhere" })).lost).toMatch(
    /has the class "fairway", and asks for "elsewhere"/,
  );
  expect((await visit("nonsense")).lost).toMatch(/the token is not good/);
  expect((await visit("")).lost).toMatch(/a token is needed/);
});

test("an operator whose certificate is not vouched for gets no token", async () => {
  const other = await cluster.ok("get", "configmap", "kube-root-ca.crt", SYSTEM, "--output=jsonpath={.data.ca\\.crt}");
  expect((await visit(await token(), { ca: other })).lost).toMatch(/certificate/);
});

test("the replica that stands by sends who comes to the holder, whose certificate has to be for the name that was called", async () => {
  const held = await holderUrl();
  const pods = [
    "get",
    "pods",
    SYSTEM,
    "--selector=app.kubernetes.io/component=operator",
    "--output=jsonpath={.items[*].status.podIP}",
  ];
  const addresses = (await cluster.ok(...pods)).split(" ");
  const standingBy = addresses.map((address) => `https://${address}:9443`).filter((url) => url !== held);
  expect(standingBy).toHaveLength(1);
  // Called by its own address, which its certificate is for; the holder's is for another one, and both are for the Service's name.
  const url = standingBy[0] ?? "";
  expect((await visit(await token(), { url })).lost).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID|altnames/);
});

test("when the token's Pod is gone, so is the token", async () => {
  const mine = await token();
  await cluster.ok("delete", "pod", VISITOR, SYSTEM, "--wait=true", "--grace-period=0", "--force");
  expect((await visit(mine)).lost).toMatch(/^the operator refused: the token is not good/);
});

test("a holder that is told to stop hands over at once, and no request notices", async () => {
  await cluster.echo("web");
  await cluster.apply([
    {
      apiVersion: "fairway.dev/v1alpha1",
      kind: "IngressRoute",
      metadata: { name: "web" },
      spec: {
        ingressClassName: "fairway",
        routes: [{ match: "Host(`handover.example`)", services: [{ name: "web", port: 80 }] }],
      },
    },
  ]);
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/web", "--timeout=60s");
  const before = { holder: await holder(), transitions: (await lease()).spec.leaseTransitions };
  const load = steadyLoad("handover.example", 10_000);
  await cluster.ok("delete", "pod", before.holder, SYSTEM, "--wait=false");
  await until("another one holds the Lease", async () => ![before.holder, ""].includes(await holder()));
  expect((await lease()).spec.leaseTransitions).toBe(before.transitions + 1);
  await cluster.ok("patch", "ingressroute/web", "--type=merge", "--patch", JSON.stringify(OTHER_HOST));
  await cluster.ok("wait", "--for=jsonpath={.status.observedGeneration}=2", "ingressroute/web", "--timeout=60s");
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/web", "--timeout=60s");
  expect((await cluster.curl("http://after.example/")).status, "the successor publishes").toBe(200);
  expect(Object.keys(await load)).toEqual(["200"]);
});

const OTHER_HOST = {
  spec: {
    routes: [{ match: "Host(`handover.example`) || Host(`after.example`)", services: [{ name: "web", port: 80 }] }],
  },
};

test("a holder that is killed is succeeded when its Lease has run out, and no request notices", async () => {
  await cluster.ok("rollout", "status", "deployment/fairway-operator", SYSTEM, "--timeout=60s");
  const before = await holder();
  const load = steadyLoad("handover.example", 30_000);
  await cluster.ok("delete", "pod", before, SYSTEM, "--grace-period=0", "--force", "--wait=false");
  await until("another one holds the Lease", async () => ![before, ""].includes(await holder()));
  await cluster.ok("rollout", "status", "deployment/fairway-operator", SYSTEM, "--timeout=60s");
  expect(Object.keys(await load)).toEqual(["200"]);
});

test("an authority whose Secret is deleted is replaced: streams go on, and proxies that start anew trust the next one", async () => {
  const restarts = "--output=jsonpath={.items[*].status.containerStatuses[*].restartCount}";
  const proxies = ["get", "pods", SYSTEM, "--selector=app.kubernetes.io/component=proxy"] as const;
  const before = await cluster.ok(...proxies, restarts);
  await cluster.ok("delete", "secret", "fairway-channel-ca", SYSTEM);
  const published = () => cluster.ok("get", "configmap", "fairway-channel-ca", SYSTEM, "--output=jsonpath={.data.ca\\.crt}");
  await until("another authority is published", async () => (await published()) !== bundle, 120_000);
  const [oldest = ""] = (await cluster.ok(...proxies, "--output=jsonpath={.items[*].metadata.name}")).split(" ");
  await cluster.ok("delete", "pod", oldest, SYSTEM, "--wait=false");
  await until(
    "there is a Pod in its place",
    async () => !(await cluster.ok(...proxies, "--output=name")).includes(oldest),
    120_000,
  );
  await cluster.ok("rollout", "status", "deployment/fairway-proxy", SYSTEM, "--timeout=120s");
  expect(await cluster.ok(...proxies, restarts)).toBe(before);
  bundle = await published();
});

/** Asks the proxies at a Pod's address, where nothing but proxies is in between. */
async function steadyLoad(host: string, forMs: number): Promise<Outcomes> {
  const pods = [
    "get",
    "pods",
    SYSTEM,
    "--selector=app.kubernetes.io/component=proxy",
    "--output=jsonpath={.items[0].status.podIP}",
  ];
  const said: SteadyLoad = { host, address: await cluster.ok(...pods), port: 8_080, connections: 8, forMs };
  return JSON.parse(await program("steady-load.ts", said)) as Outcomes;
}
