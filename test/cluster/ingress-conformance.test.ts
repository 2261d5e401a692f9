import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Echo } from "../../hack/demo/echo-server.ts";
import type { Answer } from "./ask.ts";
import { onInstalledCluster } from "./installed-cluster.ts";

/**
 * The scenarios of the Ingress conformance suite (kubernetes-sigs/ingress-controller-conformance), as our own tests. As there, nothing is
 * tried twice: an Ingress that has an address serves.
 */
const cluster = onInstalledCluster();

const METADATA = { name: "tested" };

type Rule = Readonly<Record<string, unknown>>;

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
const path = (pathType: string, written: string, service: string) => ({ path: written, pathType, backend: backend(service) });
const ruleOf = (host: string | null, ...paths: readonly object[]): Rule => ({ ...(host && { host }), http: { paths } });

/** Applies an Ingress of class fairway and waits until it has an address. */
async function ingress(spec: object): Promise<void> {
  const object = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: METADATA,
    spec: { ingressClassName: "fairway", ...spec },
  };
  await cluster.apply([object]);
  await cluster.ok("wait", "--for=jsonpath={.status.loadBalancer.ingress[0]}", "ingress/tested", "--timeout=30s");
}

/** Who answered with 200; the head is as the suite wants it, and the upstream saw what the client sent. */
async function servedBy(url: string, ...args: readonly string[]): Promise<string> {
  const answer = await cluster.curl(url, ...args);
  expect(answer.status, `${url}: ${answer.body}`).toBe(200);
  expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(["content-length", "content-type", "date", "server"]));
  const echo = echoOf(answer);
  expect(echo.path).toBe(new URL(url).pathname);
  expect(echo.headers["user-agent"]).toMatch(/^curl\//);
  return deploymentOf(echo);
}

const status = async (url: string): Promise<number> => (await cluster.curl(url)).status;

function echoOf({ body }: Answer): Echo {
  return JSON.parse(body) as Echo;
}

/** Pods are named `DEPLOYMENT-hash-random`. */
function deploymentOf({ server }: Echo): string {
  return server.replace(/-[^-]+-[^-]+$/, "");
}

beforeAll(async () => {
  await Promise.all(["first", "second", "third"].map((name) => cluster.echo(name)));
});

afterEach(async () => {
  await cluster.ok("delete", "ingress", "--all");
});

describe("a default backend", () => {
  const requests = [
    ["GET", "my-host", "/"],
    ["GET", "my-host", "/sub-path"],
    ["POST", "some-host", "/"],
    ["PUT", "", "/resource"],
    ["DELETE", "some-host", "/resource"],
    ["PATCH", "my-host", "/resource"],
  ] as const;

  test("serves every method, host and path", async () => {
    await ingress({ defaultBackend: backend("first") });
    for (const [method, host, target] of requests) {
      const url = `http://${host || "10.243.0.1"}${target}`;
      expect(await servedBy(url, "--request", method), `${method} ${url}`).toBe("first");
      expect(echoOf(await cluster.curl(url, "--request", method)).method).toBe(method);
    }
  });
});

describe("hosts", () => {
  const spec = {
    rules: [ruleOf("*.foo.com", path("Prefix", "/", "first")), ruleOf("foo.bar.com", path("Prefix", "/", "second"))],
    tls: [{ hosts: ["foo.bar.com"], secretName: "tls" }],
  };

  beforeAll(async () => {
    const [key, cert] = [`/tmp/${cluster.namespace}.key`, `/tmp/${cluster.namespace}.crt`];
    const subject = ["-subj", "/CN=foo.bar.com", "-addext", "subjectAltName=DNS:foo.bar.com"];
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...subject];
    expect((await cluster.exec("openssl", ...made)).code).toBe(0);
    await cluster.ok("create", "secret", "tls", "tls", `--cert=${cert}`, `--key=${key}`);
    await cluster.exec("rm", key, cert);
  });

  test("are told apart, with a certificate of their own, and by a wildcard of one label", async () => {
    await ingress(spec);
    expect(await servedBy("https://foo.bar.com/")).toBe("second");
    const { stderr } = await cluster.exec(
      "sh",
      "-c",
      `curl -skv --connect-to ::$(hostname -I | tr ' ' '\\n' | head -1):30443 https://foo.bar.com/ 2>&1 >/dev/null | grep subject: >&2`,
    );
    if (cluster.isOurs) expect(stderr).toMatch(/CN\s?=\s?foo\.bar\.com/);
    expect(await servedBy("http://foo.bar.com/")).toBe("second");
    expect(await status("http://subdomain.bar.com/")).toBe(404);
    expect(await servedBy("http://bar.foo.com/")).toBe("first");
    expect(await status("http://baz.bar.foo.com/")).toBe(404);
    expect(await status("http://foo.com/")).toBe(404);
  });
});

describe("a class that nobody serves", () => {
  test("gets no address, whatever time passes", async () => {
    const object = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: METADATA,
      spec: { ingressClassName: "some-invalid-class-name", defaultBackend: backend("first") },
    };
    await cluster.apply([object]);
    const waited = await cluster.kubectl(
      "wait",
      "--for=jsonpath={.status.loadBalancer.ingress[0]}",
      "ingress/tested",
      "--timeout=15s",
    );
    expect(waited.code).not.toBe(0);
    expect(await status("http://nobody.example/")).toBe(404);
  });
});

describe("several Pods", () => {
  test("all get requests, over connections of their own", async () => {
    await cluster.echo("many", { replicas: 10 });
    await ingress({ rules: [ruleOf("load-balancing", path("Prefix", "/", "many"))] });
    const pods = new Set<string>();
    for (let request = 0; request < 100; request++) {
      const answer = await cluster.curl("http://load-balancing/");
      expect(answer.status).toBe(200);
      pods.add(echoOf(answer).server);
    }
    expect(pods.size).toBe(10);
    await cluster.ok("delete", "deployment,service", "many");
  });
});

describe("paths", () => {
  const HOST = "path-rules";
  const cases: readonly (readonly [name: string, paths: readonly object[], asked: Readonly<Record<string, string | 404>>])[] = [
    [
      "Exact: this one and no other",
      [path("Exact", "/foo", "first")],
      { "/foo": "first", "/foo/": 404, "/FOO": 404, "/bar": 404 },
    ],
    [
      "Prefix: by elements, with and without a slash, in this case only",
      [path("Prefix", "/foo", "first")],
      { "/foo": "first", "/foo/": "first", "/FOO": 404, "/foo/bar": "first", "/foobar": 404 },
    ],
    [
      "Prefix: the longest of several",
      [path("Prefix", "/aaa", "first"), path("Prefix", "/aaa/bbb", "second")],
      { "/aaa/bbb": "second", "/aaa/bbb/ccc": "second", "/aaa/ccc": "first", "/aaaccc": 404 },
    ],
    [
      "Prefix: a slash at its end means nothing",
      [path("Prefix", "/aaa/bbb/", "first")],
      { "/aaa/bbb": "first", "/aaa/bbb/": "first" },
    ],
    [
      "Exact beats Prefix",
      [path("Prefix", "/foo", "first"), path("Exact", "/foo", "second")],
      { "/foo": "second", "/foo/": "first" },
    ],
    ["Exact: a slash at its end counts", [path("Exact", "/foo/", "first")], { "/foo/": "first", "/foo": 404 }],
  ];

  test.for(cases)("%s", async ([, paths, asked]) => {
    await ingress({ rules: [ruleOf(HOST, ...paths)] });
    for (const [target, expected] of Object.entries(asked)) {
      const url = `http://${HOST}${target}`;
      if (expected === 404) expect(await status(url), target).toBe(404);
      else expect(await servedBy(url), target).toBe(expected);
    }
  });
});
