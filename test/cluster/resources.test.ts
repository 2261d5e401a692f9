import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { coreSchemaFile, KINDS } from "../../hack/core-schemas/kinds.ts";
import { toJsonSchema } from "../../hack/core-schemas/openapi.ts";
import { type Crd, crdSchema, readCrd, type Schema } from "../../hack/generate/schema.ts";
import { Cluster, type Missing, type Outcome, succeeded } from "./cluster.ts";
import { schemaNodes } from "./schema-nodes.ts";
import { VIOLATIONS } from "./violations.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const CRDS: readonly Crd[] = readdirSync(`${ROOT}crds`)
  .filter((file) => file.endsWith("s.yaml"))
  .map((file) => readCrd(ROOT, `crds/${file}`));
/** A field at the end of each kind's schema, to see that `kubectl explain` reaches it. */
const DEEP_FIELDS: Readonly<Record<string, readonly string[]>> = {
  IngressRoute: ["spec.routes.services.healthCheck.headers", "spec.tls.domains.sans", "status.problems.hint"],
  IngressRouteTCP: ["spec.routes.services.proxyProtocol.version", "spec.tls.passthrough"],
  IngressRouteUDP: ["spec.routes.services.weight"],
  Middleware: ["spec.forwardAuth.tls.caSecret", "spec.errors.service.sticky.cookie.maxAge", "status.controllers.kind"],
  MiddlewareTCP: ["spec.ipAllowList.sourceRange"],
  TLSOption: ["spec.clientAuth.clientAuthType"],
  TLSStore: ["spec.defaultGeneratedCert.domain.sans"],
  ServersTransport: ["spec.forwardingTimeouts.readIdleTimeout", "spec.peerCertSANs.value"],
  ServersTransportTCP: ["spec.tls.rootCAs.configMap"],
  FairwayService: ["spec.mirroring.mirrors.percent", "spec.failover.errors.status"],
  FairwayClass: ["spec.entryPoints.path.encodedCharacters.allowEncodedSlash", "status.proxies.programmed"],
};
const SHOP_STATUS = {
  hosts: ["shop.example.com"],
  conditions: [condition("Accepted", "True"), condition("ResolvedRefs", "False"), condition("Programmed", "Unknown")],
};

interface EndpointSlice {
  readonly endpoints: { addresses: string[] }[];
}

let started: Cluster | Missing;

beforeAll(async () => {
  started = await Cluster.start();
  if (started instanceof Cluster) succeeded(await started.kubectl("apply", "--server-side", "-k", `${ROOT}crds`));
  else console.error(`\nSKIPPED: the cluster suite cannot run on this machine: ${started.missing}\n`);
});

beforeEach((context) => {
  if (!(started instanceof Cluster)) context.skip(`cannot run on this machine: ${started.missing}`);
});

afterAll(() => {
  if (started instanceof Cluster) started.stop();
});

describe("the CRDs", () => {
  test("are all established, structural, and within the cost budget of their rules", async () => {
    const names = CRDS.map((crd) => `crd/${crd.metadata.name}`);
    succeeded(await cluster().kubectl("wait", "--for=condition=Established", "--timeout=30s", ...names));
    const crds: { items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[] } =
      JSON.parse(succeeded(await cluster().kubectl("get", "crd", "--output=json")));
    expect(crds.items.map((crd) => crd.metadata.name).sort()).toEqual(CRDS.map((crd) => crd.metadata.name).sort());
    for (const { metadata, status } of crds.items) {
      const held = Object.fromEntries(status.conditions.map(({ type, status }) => [type, status]));
      expect(held, metadata.name).toEqual({ NamesAccepted: "True", Established: "True" });
    }
  });

  test("are all in the category fairway, under short names that nothing else in the cluster has", async () => {
    const table = succeeded(await cluster().kubectl("api-resources", "--no-headers"));
    const shortNames = table
      .split("\n")
      .flatMap((line) => (/^\S+\s+([a-z,]+)\s+\S+\s+(?:true|false)\s/.exec(line)?.[1] ?? "").split(","));
    for (const { spec } of CRDS) {
      for (const shortName of spec.names.shortNames ?? [])
        expect(shortNames.filter((name) => name === shortName)).toEqual([shortName]);
      expect(spec.names.shortNames).toHaveLength(1);
    }
    const category = succeeded(await cluster().kubectl("api-resources", "--categories=fairway", "--output=name", "--no-headers"));
    expect(category.trim().split("\n").sort()).toEqual(CRDS.map((crd) => crd.metadata.name).sort());
  });
});

describe("the schemas of built-in kinds", () => {
  test.each(KINDS.map((kind) => [coreSchemaFile(kind), kind] as const))(
    "%s is what this API server publishes",
    async (file, kind) => {
      const document = succeeded(await cluster().kubectl("get", "--raw", `/openapi/v3/${kind.groupVersion}`));
      const published = toJsonSchema(kind, JSON.parse(document).components.schemas);
      expect(JSON.parse(readFileSync(`${ROOT}${file}`, "utf8")), "run npx node hack/core-schemas.ts").toEqual(published);
    },
  );
});

describe("kubectl explain", () => {
  test("has a description for every field of every kind", async () => {
    const document = succeeded(await cluster().kubectl("get", "--raw", "/openapi/v3/apis/fairway.dev/v1alpha1"));
    const schemas: Record<string, Schema> = JSON.parse(document).components.schemas;
    for (const crd of CRDS) {
      const kind = crd.spec.names.kind;
      const published = schemas[`dev.fairway.v1alpha1.${kind}`];
      if (published === undefined) throw new Error(`the API server publishes no schema for ${kind}`);
      const nodes = schemaNodes(published).filter(({ path }) => !path.startsWith("metadata."));
      const ours = schemaNodes(crdSchema(crd)).map(({ path }) => path);
      expect(nodes.map(({ path }) => path).sort(), kind).toEqual(ours.sort());
      const silent = nodes.filter(({ path, schema }) => !isScalarValue(path, schema) && (schema.description ?? "") === "");
      expect(
        silent.map(({ path }) => path),
        kind,
      ).toEqual([]);
    }
  });

  test.each(CRDS.map((crd) => [crd.spec.names.kind, crd] as const))("answers for fields of %s", async (kind, crd) => {
    const fields = DEEP_FIELDS[kind];
    if (fields === undefined) throw new Error(`no field of ${kind} is looked at`);
    for (const field of ["spec", "status", ...fields]) {
      const text = succeeded(await cluster().kubectl("explain", `${crd.spec.names.plural}.fairway.dev.${field}`));
      const description = describedAt(crd, field);
      expect(unwrapped(text), `${kind}.${field}`).toContain(unwrapped(description));
    }
    const tree = succeeded(await cluster().kubectl("explain", "--recursive", `${crd.spec.names.plural}.fairway.dev`));
    for (const { path } of schemaNodes(crdSchema(crd)))
      expect(tree).toContain(
        path
          .split(".")
          .at(-1)
          ?.replace(/[[{].*$/, ""),
      );
  });
});

describe("the samples", () => {
  const kinds = readdirSync(`${ROOT}config/samples/kinds`).filter((file) => file !== "reference-grant.yaml"); // comes with the Gateway API
  const demo = readdirSync(`${ROOT}config/samples/demo`).filter(
    (file) => file.endsWith(".yaml") && file !== "upstreams.yaml" && file !== "services.yaml",
  );

  test.each(kinds)("kinds/%s is accepted under strict validation", async (file) => {
    succeeded(
      await cluster().kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        `${ROOT}config/samples/kinds/${file}`,
      ),
    );
  });

  test("there is one for every kind", async () => {
    const paths = kinds.map((file) => `--filename=${ROOT}config/samples/kinds/${file}`);
    const names = succeeded(await cluster().kubectl("create", "--dry-run=client", "--output=name", ...paths));
    for (const { spec } of CRDS) expect(names).toContain(`${spec.names.kind.toLowerCase()}.fairway.dev/`);
  });

  test("the demo is accepted under strict validation, with other endpoints than loopback ones", async () => {
    const paths = ["services.yaml", ...demo].map((file) => `--filename=${ROOT}config/samples/demo/${file}`);
    succeeded(await cluster().kubectl("apply", "--server-side", "--validate=strict", ...paths));
    const upstreams = `${ROOT}config/samples/demo/upstreams.yaml`;
    const refused = await cluster().kubectl("create", "--dry-run=server", "-f", upstreams);
    expect(refused.stderr).toContain("may not be in the loopback range");
    const slices = parseAllDocuments(readFileSync(upstreams, "utf8")).map((document): EndpointSlice => document.toJS());
    expect(slices).toHaveLength(4);
    for (const slice of slices) for (const endpoint of slice.endpoints) endpoint.addresses = ["192.0.2.1"];
    succeeded(await cluster().kubectlWith(slices, "create", "--dry-run=server", "--validate=strict"));
  });
});

describe("a wrong object", () => {
  test.each([
    ["IngressRoute", { routes: [{ mach: "Host(`a.test`)", match: "Path(`/`)" }] }, "spec.routes[0].mach"],
    ["Middleware", { stripPrefix: { prefix: "/a", prefixes: ["/a"] } }, "spec.stripPrefix.prefix"],
    ["TLSOption", { minversion: "VersionTLS12" }, "spec.minversion"],
    ["FairwayClass", { entryPoints: [{ name: "web", address: ":80", tsl: {} }] }, "spec.entryPoints[0].tsl"],
  ])("%s with a typo is refused by its name", async (kind, spec, field) => {
    const { code, stderr } = await create(kind, spec);
    expect(stderr).toContain(`strict decoding error: unknown field "${field}"`);
    expect(code).toBe(1);
  });

  test.each(VIOLATIONS.map((violation) => [violation.kind, violation.name, violation] as const))(
    "%s: %s is refused, and told why",
    async (_kind, _name, { kind, spec, errors }) => {
      const { code, stderr } = await create(kind, spec);
      expect(toldErrors(stderr)).toEqual(errors);
      expect(code).toBe(1);
    },
  );

  test("there is one for every CEL rule of every kind", () => {
    for (const crd of CRDS) {
      const kind = crd.spec.names.kind;
      const told = VIOLATIONS.filter((violation) => violation.kind === kind).flatMap(({ errors }) => errors);
      for (const message of ruleMessages(crdSchema(crd)))
        expect(
          told.filter((error) => error.endsWith(`: ${message}`)),
          message,
        ).not.toEqual([]);
    }
  });
});

describe("kubectl get", () => {
  test("shows class, hosts and conditions of a route", async () => {
    const name = "ingressroute/shop";
    succeeded(await cluster().kubectl("apply", "--server-side", "-f", `${ROOT}config/samples/kinds/ingress-route.yaml`));
    await patchStatus(name, SHOP_STATUS);
    expect(await columns(name)).toEqual([
      ["NAME", "CLASS", "HOSTS", "ACCEPTED", "PROGRAMMED", "RESOLVED", "AGE"],
      ["shop", "fairway", '["shop.example.com"]', "True", "Unknown", "False", expect.stringMatching(/^\d+[smh]/)],
    ]);
  });

  test("shows kind and conditions of a shared object", async () => {
    const name = "middleware/rate-limit";
    succeeded(await cluster().kubectl("apply", "--server-side", "-f", `${ROOT}config/samples/kinds/middleware.yaml`));
    const conditions = [condition("Accepted", "True"), condition("ResolvedRefs", "True")];
    await patchStatus(name, {
      controllers: [{ controllerName: "fairway.dev/ingress-controller", kind: "rateLimit", conditions }],
    });
    expect(await columns(name)).toEqual([
      ["NAME", "KIND", "ACCEPTED", "RESOLVED", "AGE"],
      ["rate-limit", "rateLimit", "True", "True", expect.stringMatching(/^\d+[smh]/)],
    ]);
  });

  test("shows entry points, conditions and proxies of a class", async () => {
    const name = "fairwayclass/public";
    succeeded(await cluster().kubectl("apply", "--server-side", "-f", `${ROOT}config/samples/kinds/fairway-class.yaml`));
    const conditions = [condition("Accepted", "True"), condition("Programmed", "True")];
    await patchStatus(name, { conditions, entryPoints: ["web", "websecure"], proxies: { connected: 3, programmed: 3 } });
    expect(await columns(name)).toEqual([
      ["NAME", "ENTRY POINTS", "ACCEPTED", "PROGRAMMED", "PROXIES", "AGE"],
      ["public", '["web","websecure"]', "True", "True", "3", expect.stringMatching(/^\d+[smh]/)],
    ]);
  });

  test("keeps the entries of two controllers on one object apart", async () => {
    const entry = (controllerName: string): object => ({
      apiVersion: "fairway.dev/v1alpha1",
      kind: "Middleware",
      metadata: { name: "rate-limit", namespace: "default" },
      status: { controllers: [{ controllerName, conditions: [condition("Accepted", "True")] }] },
    });
    for (const owner of ["one.test/a", "one.test/b"]) {
      const manager = `--field-manager=${owner.replace("/", "-")}`;
      succeeded(await cluster().kubectlWith([entry(owner)], "apply", "--server-side", "--subresource=status", manager));
    }
    const names = succeeded(
      await cluster().kubectl("get", "fmw", "rate-limit", "--output=jsonpath={.status.controllers[*].controllerName}"),
    );
    expect(names.split(" ")).toEqual(expect.arrayContaining(["one.test/a", "one.test/b"]));
  });
});

function cluster(): Cluster {
  if (!(started instanceof Cluster)) throw new Error("the cluster does not run");
  return started;
}

/** What a program printed; fails the test when it failed. */

/** Offers an object to the API server under strict validation, without keeping it. */
function create(kind: string, spec: unknown): Promise<Outcome> {
  const metadata = kind === "FairwayClass" ? { name: "wrong" } : { name: "wrong", namespace: "default" };
  const object = { apiVersion: "fairway.dev/v1alpha1", kind, metadata, spec };
  return cluster().kubectlWith([object], "create", "--dry-run=server", "--validate=strict");
}

/** `field: reason` of each error that kubectl printed, without the note that CEL rules were left out. */
function toldErrors(stderr: string): string[] {
  const list = /is invalid:([\s\S]*)$/.exec(stderr)?.[1] ?? stderr;
  const lines = list.split("\n").map((line) => line.replace(/^\* /, "").trim());
  return lines.filter((line) => line !== "" && !line.startsWith("<nil>: "));
}

function ruleMessages(schema: Schema): string[] {
  const rulesOf = (node: Schema): { message: string }[] => (node["x-kubernetes-validations"] ?? []) as { message: string }[];
  const all = [schema, ...schemaNodes(schema).map((node) => node.schema)].flatMap(rulesOf).map(({ message }) => message);
  return [...new Set(all)];
}

/** Items of a list and values of a map need words of their own only when they are objects: the list's say what they are. */
function isScalarValue(path: string, schema: Schema): boolean {
  return /[\]}]$/.test(path) && schema.properties === undefined;
}

/** The description of a field that kubectl's path names: list items and map values have no step of their own. */
function describedAt(crd: Crd, field: string): string {
  const node = schemaNodes(crdSchema(crd)).find(({ path }) => path.replaceAll("[]", "") === field);
  if (node?.schema.description === undefined) throw new Error(`${crd.spec.names.kind} describes no ${field}`);
  return node.schema.description;
}

function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function condition(type: string, status: "True" | "False" | "Unknown"): object {
  return { type, status, reason: "Test", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

async function patchStatus(name: string, status: object): Promise<void> {
  succeeded(
    await cluster().kubectl("patch", name, "--subresource=status", "--type=merge", `--patch=${JSON.stringify({ status })}`),
  );
}

/** The table that `kubectl get --output=wide` prints: its header, then its rows. */
async function columns(name: string): Promise<string[][]> {
  const table = succeeded(await cluster().kubectl("get", name, "--output=wide"));
  return table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split(/ {2,}/)
        .map((cell) => cell.trim())
        .filter((cell) => cell !== ""),
    );
}
