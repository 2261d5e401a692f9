import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";

/** Every kind is applied, edited and deleted; the traffic follows where a kind is supported, and nothing is let through where it is not. */
const cluster = onInstalledCluster();

const FAIRWAY = "fairway.dev/v1alpha1";
const LIVE = { timeout: 40_000, interval: 500 };
const HOST = "kinds.test";

type Spec = Readonly<Record<string, unknown>>;

const object = (kind: string, name: string, spec: Spec) => ({ apiVersion: FAIRWAY, kind, metadata: { name }, spec });

const route = (rule: Spec, more: Spec = {}) =>
  object("IngressRoute", "tested", {
    ingressClassName: "fairway",
    routes: [{ match: `Host(\`${HOST}\`)`, services: [WEB], ...rule }],
    ...more,
  });

const WEB = { name: "web", port: 80 };

const status = async (scheme = "http"): Promise<number> => (await cluster.curl(`${scheme}://${HOST}/`)).status;

async function becomes(expected: number, scheme = "http"): Promise<void> {
  await vi.waitFor(async () => expect(await status(scheme)).toBe(expected), LIVE);
}

/** `Type=Status Reason` of every condition an object has, of ours where there are several controllers. */
async function conditions(target: string): Promise<string> {
  const each = "{range .status.conditions[*]}{.type}={.status} {.reason};{end}";
  const ours = "{range .status.controllers[*].conditions[*]}{.type}={.status} {.reason};{end}";
  return cluster.ok("get", target, `--output=jsonpath=${each}${ours}`);
}

beforeAll(async () => {
  await cluster.echo("web");
});

describe("a Middleware", () => {
  const middleware = (prefix: string) => object("Middleware", "prefix", { addPrefix: { prefix } });
  const pathSeen = async () => JSON.parse((await cluster.curl(`http://${HOST}/a`)).body).path as string;

  test("takes effect, changes, and leaves its routes closed when it is gone", async () => {
    await cluster.apply([middleware("/one"), route({ middlewares: [{ name: "prefix" }] })]);
    await becomes(200);
    expect(await pathSeen()).toBe("/one/a");
    await cluster.apply([middleware("/two")]);
    await vi.waitFor(async () => expect(await pathSeen()).toBe("/two/a"), LIVE);
    await cluster.ok("delete", "middleware/prefix");
    await becomes(503);
    expect(await conditions("ingressroute/tested")).toContain("ResolvedRefs=False");
    await cluster.ok("delete", "ingressroute/tested");
    await becomes(404);
  });
});

/** Applies an object, waits for what its status says, and edits it: the status is of the edited one then. */
async function saysOf(kind: string, name: string, expected: RegExp, spec: Spec, edited: Spec): Promise<void> {
  const target = `${kind.toLowerCase()}/${name}`;
  await cluster.apply([object(kind, name, spec)]);
  await vi.waitFor(async () => expect(await conditions(target)).toMatch(expected), LIVE);
  await cluster.apply([object(kind, name, edited)]);
  const generation = "--output=jsonpath={.status.controllers[0].observedGeneration}";
  await vi.waitFor(async () => expect(await cluster.ok("get", target, generation)).toBe("2"), LIVE);
  await cluster.ok("delete", target);
}

describe("what connections are made by", () => {
  const kinds: readonly (readonly [kind: string, spec: Spec, edited: Spec])[] = [
    ["TLSOption", { minVersion: "VersionTLS12" }, { minVersion: "VersionTLS13" }],
    ["ServersTransport", { serverName: "a.test" }, { serverName: "b.test" }],
  ];

  test.for(kinds)("a %s is accepted, and so is its next form", ([kind, spec, edited]) =>
    saysOf(kind, "accepted", /Accepted=True/, spec, edited),
  );

  test("a server that is to speak TLS and does not is never spoken to in plaintext", async () => {
    await cluster.apply([
      object("ServersTransport", "secured", { serverName: "a.test" }),
      route({ services: [{ ...WEB, scheme: "https", serversTransport: "secured" }] }),
    ]);
    await becomes(502);
    await cluster.ok("delete", "serverstransport/secured");
    await becomes(503);
    await cluster.ok("delete", "ingressroute/tested");
  });
});

describe("what is not supported yet", () => {
  // The route for everything else would serve other tests' requests.
  afterEach(() => cluster.kubectl("delete", "ingressroute", "--all"));

  const kinds: readonly (readonly [kind: string, spec: Spec, edited: Spec])[] = [
    ["FairwayService", { weighted: { services: [WEB] } }, { weighted: { services: [{ ...WEB, weight: 2 }] } }],
    ["MiddlewareTCP", { inFlightConn: { amount: 1 } }, { inFlightConn: { amount: 2 } }],
    ["ServersTransportTCP", { dialTimeout: "1s" }, { dialTimeout: "2s" }],
  ];

  test.for(kinds)("a %s is accepted by the API server and says so in its status", ([kind, spec, edited]) =>
    saysOf(kind, "unsupported", /Accepted=False NotSupported/, spec, edited),
  );

  const routes: readonly (readonly [what: string, rule: Spec, more?: Spec])[] = [
    ["a FairwayService", { services: [{ kind: "FairwayService", name: "unsupported" }] }],
    ["a middleware of a type that is not built", { middlewares: [{ name: "limit" }] }],
  ];

  test.for(routes)("a route that asks for %s answers 503, and never goes elsewhere", async ([, rule, more]) => {
    await cluster.apply([
      object("FairwayService", "unsupported", { weighted: { services: [WEB] } }),
      object("Middleware", "limit", { rateLimit: { average: 1 } }),
      object("IngressRoute", "fallback", {
        ingressClassName: "fairway",
        routes: [{ match: "PathPrefix(`/`)", priority: 1, services: [WEB] }],
      }),
    ]);
    await becomes(200);
    await cluster.apply([route(rule, more)]);
    await becomes(503);
    expect(await conditions("ingressroute/tested")).toMatch(/=False /);
  });
});

describe("what a proxy cannot do", () => {
  const CLASS = "cannot-listen";
  const patch = (parameters: object | null) =>
    cluster.ok("patch", "ingressclass", "fairway", "--type=merge", "--patch", JSON.stringify({ spec: { parameters } }));

  beforeEach((context) => {
    if (!cluster.isOurs) context.skip("it changes the class");
  });

  test("is in the status in its own words, and what it can do goes on", async () => {
    const entryPoints = [
      { name: "web", address: ":8080" },
      { name: "websecure", address: ":8443", tls: {} },
      // An address for documentation, which no machine has.
      { name: "nowhere", address: "192.0.2.1:8099" },
    ];
    await cluster.apply([object("FairwayClass", CLASS, { entryPoints }), route({})]);
    await patch({ apiGroup: "fairway.dev", kind: "FairwayClass", name: CLASS });
    try {
      await vi.waitFor(async () => expect(await conditions(`fairwayclass/${CLASS}`)).toContain("Programmed=False Refused"), LIVE);
      const told = await cluster.ok(
        "get",
        `fairwayclass/${CLASS}`,
        '--output=jsonpath={.status.conditions[?(@.type=="Programmed")].message}',
      );
      expect(told).toMatch(/192\.0\.2\.1:8099/);
      await becomes(200);
    } finally {
      await patch(null);
      await cluster.ok("delete", `fairwayclass/${CLASS}`, "ingressroute/tested");
    }
  });
});
