import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ChurnFolder } from "../bench/churn-folder.ts";
import { putFile } from "../scenario/changes/slot-files.ts";
import { SOAK } from "./contract.ts";
import { MARKS, type RouteSlot } from "./route-slot.ts";

const NAMESPACE = "soak";

/** Routes beside those that are asked for, which change as well. */
const OTHER_ROUTES = 500;

/** Ports of the entry points: `web`, `secure` (TLS), and `extra`, which comes and goes. */
export interface EntryPorts {
  readonly web: number;
  readonly secure: number;
  readonly extra: number;
}

/** What may change of the entry points. */
export interface ClassState {
  /** Whether `web` believes what this machine says in X-Forwarded-For. */
  readonly isTrusting: boolean;
  readonly hasExtra: boolean;
}

/** The folder that the operator watches. Each write is one file in its place in one step. */
export class SoakFolder {
  readonly path = mkdtempSync(join(tmpdir(), "fairway-soak-"));
  readonly #ports: ReadonlyMap<string, number>;
  readonly #entryPorts: EntryPorts;
  readonly #others: ChurnFolder;

  /** `ports` of the servers, by name. */
  constructor(ports: ReadonlyMap<string, number>, entryPorts: EntryPorts) {
    this.#ports = ports;
    this.#entryPorts = entryPorts;
    mkdirSync(join(this.path, "others"));
    this.#others = new ChurnFolder(join(this.path, "others"), OTHER_ROUTES, [...ports.values()]);
    const parameters = { apiGroup: "fairway.dev", kind: "FairwayClass", name: "soak" };
    const spec = { controller: "fairway.dev/ingress-controller", parameters };
    this.#put("class.yaml", [{ apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata: { name: "soak" }, spec }]);
    const marks = Array.from({ length: MARKS }, (_, mark) => headers(`mark-${mark}`, { [SOAK.route]: String(mark) }));
    this.#put("marks.yaml", marks);
  }

  delete(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Changes something that no request of the soak meets. */
  changeOthers(): void {
    this.#others.change();
  }

  putClass({ isTrusting, hasExtra }: ClassState): void {
    const address = (port: number): string => `127.0.0.1:${port}`;
    const { web, secure, extra } = this.#entryPorts;
    const entryPoints = [
      { name: "web", address: address(web), ...(isTrusting ? { forwardedHeaders: { trustedIPs: ["127.0.0.1/32"] } } : {}) },
      { name: "secure", address: address(secure), tls: {} },
      ...(hasExtra ? [{ name: "extra", address: address(extra) }] : []),
    ];
    this.#put("settings.yaml", [{ kind: "FairwayClass", metadata: { name: "soak" }, spec: { entryPoints } }]);
  }

  /** Writes all files of a slot. */
  putSlot(slot: RouteSlot): void {
    this.putServers(slot, slot.servers.latest);
    this.putEdition(slot, slot.editions.latest);
    this.putRoute(slot, slot.routes.latest);
  }

  /** Its route, in another version. */
  putRoute({ name, host }: RouteSlot, version: number): void {
    const match = `Host(\`${host}\`) && PathPrefix(\`/\`) && !Header(\`X-Version\`, \`${version}\`)`;
    const middlewares = [{ name }, { name: `mark-${version % MARKS}` }];
    const services = [{ name, port: "http" }];
    this.#put(`${name}-route.yaml`, [
      { kind: "IngressRoute", metadata: named(name), spec: { routes: [{ match, middlewares, services }] } },
    ]);
  }

  /** Its middleware, in another version. */
  putEdition({ name }: RouteSlot, edition: number): void {
    this.#put(`${name}-middleware.yaml`, [headers(name, { [SOAK.edition]: String(edition) })]);
  }

  /** The servers behind its Service. */
  putServers({ name }: RouteSlot, servers: readonly string[]): void {
    const service = { apiVersion: "v1", kind: "Service", metadata: named(name), spec: { ports: [{ name: "http", port: 80 }] } };
    const slices = servers.map((server) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...named(`${name}-${server}`), labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port: this.#ports.get(server) }],
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    }));
    this.#put(`${name}-service.yaml`, [service, ...slices]);
  }

  #put(file: string, objects: readonly object[]): void {
    const documents = objects.map((object) => stringify({ apiVersion: "fairway.dev/v1alpha1", ...object }));
    putFile(this.path, file, documents.join("---\n"));
  }
}

function named(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: NAMESPACE, name };
}

function headers(name: string, customRequestHeaders: Readonly<Record<string, string>>): object {
  return { kind: "Middleware", metadata: named(name), spec: { headers: { customRequestHeaders } } };
}
