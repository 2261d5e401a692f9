import { afterAll, describe, expect, test } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";

/** What the operator says of objects, as a user reads it with kubectl. */
const cluster = onInstalledCluster();

const FAIRWAY = "fairway.dev/v1alpha1";
const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { clusterIP: "None", ports: [{ name: "http", port: 80 }] },
};

const route = (name: string, routes: readonly object[], spec: object = {}) => ({
  apiVersion: FAIRWAY,
  kind: "IngressRoute",
  metadata: { name },
  spec: { ingressClassName: "fairway", routes, ...spec },
});

const rule = (match: string, more: object = {}) => ({ match, services: [{ name: "web", port: 80 }], ...more });

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

interface Status {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  readonly problems?: readonly { readonly code: string; readonly field: string }[];
  readonly controllers: readonly {
    readonly controllerName: string;
    readonly kind?: string;
    readonly conditions: readonly Condition[];
  }[];
}

async function statusOf(object: string): Promise<Status> {
  const { status } = JSON.parse(await cluster.ok("get", object, "--output=json")) as { readonly status: Status };
  return status;
}

/** Conditions as `Type=status reason`. */
async function conditions(object: string): Promise<readonly string[]> {
  const said = await statusOf(object);
  return said.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

function waitFor(object: string, condition: string): Promise<string> {
  return cluster.ok("wait", `--for=condition=${condition}`, object, "--timeout=30s");
}

describe("a route", () => {
  test("that works is programmed: kubectl wait ends, columns are filled", async () => {
    await cluster.apply([SERVICE, route("works", [rule("Host(`works.example`)")])]);
    await waitFor("ingressroute/works", "Programmed");
    expect(await conditions("ingressroute/works")).toEqual([
      "Accepted=True Accepted",
      "ResolvedRefs=True ResolvedRefs",
      "Programmed=True Programmed",
      "Ready=True Ready",
    ]);
    const [header, row] = (await cluster.ok("get", "ingressroute/works")).trim().split("\n");
    expect(header?.split(/\s+/)).toEqual(["NAME", "CLASS", "HOSTS", "ACCEPTED", "PROGRAMMED", "AGE"]);
    expect(row?.split(/\s+/).slice(0, 5)).toEqual(["works", "fairway", '["works.example"]', "True", "True"]);
  });

  test("is told with each generation, also of one that makes no difference to proxies", async () => {
    await cluster.apply([SERVICE, route("edited", [rule("Host(`edited.example`)")])]);
    await waitFor("ingressroute/edited", "Ready");
    await cluster.apply([route("edited", [rule("Host(`edited.example`)", { priority: 0 })])]);
    await cluster.ok("wait", "--for=jsonpath={.status.observedGeneration}=2", "ingressroute/edited", "--timeout=30s");
    const { conditions: said } = await statusOf("ingressroute/edited");
    expect(said.map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2, 2, 2]);
  });

  test("with a wrong rule says so, is stalled, and has an Event that kubectl describe shows", async () => {
    await cluster.apply([SERVICE, route("wrong", [rule("Host(`a.example`) &&"), rule("Host(`b.example`)")])]);
    await waitFor("ingressroute/wrong", "Stalled");
    const status = await statusOf("ingressroute/wrong");
    expect(status.problems).toMatchObject([{ severity: "error", code: "InvalidRule", field: "spec.routes[0].match" }]);
    expect(await conditions("ingressroute/wrong")).toEqual([
      "Accepted=False InvalidRule",
      "ResolvedRefs=True ResolvedRefs",
      "Programmed=True Programmed",
      "Ready=False InvalidRule",
      "Stalled=True InvalidRule",
    ]);
    await cluster.ok("wait", "--for=create", "event", "--field-selector=reason=InvalidRule", "--timeout=30s");
    expect(await cluster.ok("describe", "ingressroute/wrong")).toMatch(/Warning\s+InvalidRule .* spec\.routes\[0\]\.match/);
  });

  test("that misses a middleware is resolved when that comes", async () => {
    await cluster.apply([SERVICE, route("early", [rule("Host(`early.example`)", { middlewares: [{ name: "late" }] })])]);
    await cluster.ok("wait", "--for=condition=ResolvedRefs=false", "ingressroute/early", "--timeout=30s");
    const late = {
      apiVersion: FAIRWAY,
      kind: "Middleware",
      metadata: { name: "late" },
      spec: { stripPrefix: { prefixes: ["/a"] } },
    };
    await cluster.apply([late]);
    await waitFor("ingressroute/early", "Ready");
  });

  test("of another controller's class is left as it is, and one that leaves ours is let go of", async () => {
    await cluster.apply([SERVICE, route("leaves", [rule("Host(`leaves.example`)")])]);
    await waitFor("ingressroute/leaves", "Ready");
    await cluster.apply([route("leaves", [rule("Host(`leaves.example`)")], { ingressClassName: "elsewhere" })]);
    await cluster.ok("wait", "--for=jsonpath={.status.observedGeneration}=-1", "ingressroute/leaves", "--timeout=30s");
    expect(await statusOf("ingressroute/leaves")).toEqual({ observedGeneration: -1 });
  });

  test("of a kind that is not supported yet says so", async () => {
    await cluster.apply([
      {
        apiVersion: FAIRWAY,
        kind: "IngressRouteUDP",
        metadata: { name: "dns" },
        spec: { ingressClassName: "fairway", routes: [{ services: [{ name: "web", port: 80 }] }] },
      },
    ]);
    await waitFor("ingressrouteudp/dns", "Stalled");
    expect(await conditions("ingressrouteudp/dns")).toContain("Accepted=False NotSupported");
  });
});

describe("a shared object", () => {
  test("has an entry of each controller's own", async () => {
    const strip = {
      apiVersion: FAIRWAY,
      kind: "Middleware",
      metadata: { name: "strip" },
      spec: { stripPrefix: { prefixes: ["/a"] } },
    };
    await cluster.apply([strip]);
    await cluster.ok("wait", "--for=jsonpath={.status.controllers[0].controllerName}", "middleware/strip", "--timeout=30s");
    const other = { controllerName: "example.com/other", observedGeneration: 1 };
    const patch = JSON.stringify([{ op: "add", path: "/status/controllers/-", value: other }]);
    await cluster.ok("patch", "middleware/strip", "--subresource=status", "--type=json", `--patch=${patch}`);
    await cluster.apply([{ ...strip, spec: { stripPrefix: { prefixes: ["/b"] } } }]);
    await cluster.ok(
      "wait",
      "--for=jsonpath={.status.controllers[?(@.kind=='stripPrefix')].observedGeneration}=2",
      "middleware/strip",
      "--timeout=30s",
    );
    const { controllers } = await statusOf("middleware/strip");
    expect(controllers.map(({ controllerName }) => controllerName).sort()).toEqual([
      "example.com/other",
      "fairway.dev/ingress-controller",
    ]);
  });
});

describe("an Ingress", () => {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const ingress = (ingressClassName: string, host: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "addressed" },
    spec: { ingressClassName, rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
  });

  test("gets the nodes' addresses, keeps them through an edit, and gives them back when it leaves the class", async () => {
    await cluster.apply([SERVICE, ingress("fairway", "a.example")]);
    await cluster.ok("wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "ingress/addressed", "--timeout=30s");
    const nodes = await cluster.ok(
      "get",
      "nodes",
      "--output=jsonpath={.items[*].status.addresses[?(@.type=='InternalIP')].address}",
    );
    expect(nodes.split(" ")).toContain(await addressOf("addressed"));
    await cluster.apply([ingress("fairway", "b.example")]);
    expect(await addressOf("addressed")).not.toBe("");
    await cluster.apply([ingress("elsewhere", "b.example")]);
    await expect.poll(() => addressOf("addressed"), { timeout: 30_000 }).toBe("");
  });

  test("that misses its Service has an Event", async () => {
    await cluster.apply([{ ...ingress("fairway", "c.example"), metadata: { name: "lost" }, spec: lost() }]);
    await cluster.ok("wait", "--for=create", "event", "--field-selector=reason=ServiceNotFound", "--timeout=30s");
    expect(await cluster.ok("describe", "ingress/lost")).toMatch(
      /Warning\s+ServiceNotFound .* "none" does not exist|Warning\s+ServiceNotFound/,
    );
  });

  function lost(): object {
    return { ingressClassName: "fairway", defaultBackend: { service: { name: "none", port: { number: 80 } } } };
  }

  function addressOf(name: string): Promise<string> {
    return cluster.ok("get", `ingress/${name}`, "--output=jsonpath={.status.loadBalancer.ingress[0].ip}");
  }
});

describe("a class without proxies", () => {
  const account = () => ({ name: "nobody", namespace: cluster.namespace });
  const objects = () => [
    {
      apiVersion: FAIRWAY,
      kind: "FairwayClass",
      metadata: { name: cluster.namespace },
      spec: { entryPoints: [{ name: "plain", address: ":8080" }], proxies: { serviceAccount: account(), service: account() } },
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: cluster.namespace },
      spec: {
        controller: "fairway.dev/ingress-controller",
        parameters: { apiGroup: "fairway.dev", kind: "FairwayClass", name: cluster.namespace },
      },
    },
  ];

  afterAll(async () => {
    await cluster.kubectl("delete", `fairwayclass/${cluster.namespace}`, `ingressclass/${cluster.namespace}`);
  });

  test("says so, and so do its routes", async () => {
    await cluster.apply([
      SERVICE,
      ...objects(),
      route("idle", [rule("Host(`idle.example`)")], { ingressClassName: cluster.namespace }),
    ]);
    for (const object of [`fairwayclass/${cluster.namespace}`, "ingressroute/idle"]) {
      await cluster.ok("wait", "--for=condition=Programmed=false", object, "--timeout=30s");
      expect(await conditions(object)).toEqual([
        "Accepted=True Accepted",
        "ResolvedRefs=True ResolvedRefs",
        "Programmed=False NoProxies",
        "Ready=False NoProxies",
        "Reconciling=True NoProxies",
      ]);
    }
    const status = await statusOf(`fairwayclass/${cluster.namespace}`);
    expect(status).toMatchObject({ entryPoints: ["plain"], proxies: { connected: 0, programmed: 0 } });
  });
});
