import type { ConnectionOptions } from "node:tls";
import { Compiler } from "../../../src/control/graph/compiler.ts";
import { ObjectStore } from "../../../src/control/store/object-store.ts";
import type { CompileSettings } from "../../../src/control/translate/settings.ts";
import { Intake } from "../../../src/control/validate/intake.ts";
import { KindCatalog } from "../../../src/control/validate/kind-catalog.ts";
import type { CertificatePem } from "../../../src/kernel/self-signed.ts";
import type { Problem } from "../../../src/model/problem.ts";
import type { Resource } from "../../../src/model/resource.ts";
import { DEV_SETTINGS } from "../../golden/world.ts";
import { entryPoint, type ProxyOptions, TestProxy, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest } from "../http1/set-up.ts";

type Manifest = Readonly<Record<string, unknown>>;

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** One entry point, `secure`, on a port that the system gives. */
const SETTINGS: CompileSettings = { ...DEV_SETTINGS, entryPoints: [entryPoint("secure", { tls: true })] };

const kinds = new KindCatalog();

/** Manifests compiled as an operator does, and a proxy that serves them; both until the test is over. */
export class TlsWorld {
  readonly proxy: TestProxy;
  readonly upstream: Upstream;
  readonly #store: ObjectStore;
  readonly #intake: Intake;
  readonly #compiler: Compiler;

  private constructor(proxy: TestProxy, upstream: Upstream, store: ObjectStore, intake: Intake, compiler: Compiler) {
    this.proxy = proxy;
    this.upstream = upstream;
    this.#store = store;
    this.#intake = intake;
    this.#compiler = compiler;
  }

  static async start(manifests: readonly Manifest[], options: ProxyOptions = {}): Promise<TlsWorld> {
    const store = new ObjectStore();
    const intake = new Intake(store, kinds);
    const compiler = new Compiler(SETTINGS);
    const upstream = await Upstream.answering(OK);
    const service = [...serviceOf("app", upstream.port), ...manifests];
    for (const manifest of service) put(intake, manifest);
    compiler.update(store, "all");
    const proxy = await TestProxy.start(options, [...(compiler.graph("fairway")?.resources.values() ?? [])]);
    afterTest(() => proxy.close());
    afterTest(() => upstream.close());
    return new TlsWorld(proxy, upstream, store, intake, compiler);
  }

  /** Takes changed objects over, as an operator and its proxy do. */
  async apply(...manifests: readonly Manifest[]): Promise<void> {
    const refs = manifests.map((manifest) => put(this.#intake, manifest));
    const { changes } = this.#compiler.update(this.#store, refs);
    const change = changes.get("fairway");
    if (change !== undefined) await this.proxy.apply(change.upserts, change.removals);
  }

  /** What is wrong, but for what is worth a hint alone. */
  problems(): readonly Problem[] {
    return (this.#compiler.graph("fairway")?.problems ?? []).filter(({ severity }) => severity !== "info");
  }

  resources(): readonly Resource[] {
    return [...(this.#compiler.graph("fairway")?.resources.values() ?? [])];
  }

  /** A client that asks for a name; rejects when the handshake fails. Closed after the test. */
  async client(servername: string | undefined, options: ConnectionOptions = {}): Promise<RawClient> {
    const made = await RawClient.secure(this.proxy.port("secure"), {
      ...(servername === undefined ? {} : { servername }),
      ...options,
    });
    afterTest(() => made.close());
    return made;
  }

  /** The status of a request for `host` on a connection of its own; "refused" when the connection comes to nothing. */
  async get(host: string, options: ConnectionOptions = {}): Promise<number | "refused"> {
    try {
      const made = await this.client(options.servername ?? host, options);
      made.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      await made.until(() => made.isClosed || made.hasEnded);
      return made.received === "" ? "refused" : Number(made.received.slice(9, 12));
    } catch {
      return "refused";
    }
  }
}

function put(intake: Intake, manifest: Manifest) {
  const identified = intake.identify(manifest);
  if (!identified.ok || identified.value === null) throw new Error(JSON.stringify(identified));
  const checked = intake.check(identified.value);
  intake.put(checked);
  return identified.value.ref;
}

// --- manifests ---

/** An IngressRoute of namespace `test` for one host; `spec` is what else it says. */
export function routeFor(name: string, host: string, tls: object = {}, created = "2026-01-01T00:00:00Z"): Manifest {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: "test", creationTimestamp: created },
    spec: {
      routes: [{ match: host === "" ? "PathPrefix(`/`)" : `Host(\`${host}\`)`, services: [{ name: "app", port: 80 }] }],
      tls,
    },
  };
}

export function tlsOption(name: string, spec: object, namespace = "test"): Manifest {
  return { apiVersion: "fairway.dev/v1alpha1", kind: "TLSOption", metadata: { name, namespace }, spec };
}

export function authoritySecret(name: string, pem: string): Manifest {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "test" }, stringData: { "ca.crt": pem } };
}

export function tlsSecret(name: string, { chainPem, keyPem }: CertificatePem, namespace = "test"): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name, namespace },
    stringData: { "tls.crt": chainPem, "tls.key": keyPem },
  };
}

/** A Service of namespace `test` with one server on this machine; `spec` is what else its port says. */
export function serviceOf(
  name: string,
  port: number,
  spec: { readonly name?: string; readonly port?: number; readonly appProtocol?: string } = {},
): readonly Manifest[] {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "test" },
      spec: { ports: [{ name: "http", port: 80, ...spec }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, namespace: "test", labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: spec.name ?? "http", port, protocol: "TCP" }],
      endpoints: [{ addresses: ["127.0.0.1"] }],
    },
  ];
}
