import { mkdirSync } from "node:fs";
import { putFile } from "../scenario/changes/slot-files.ts";

const NAMESPACE = "bench";

/** How many routes share a Service, and how many a Middleware. */
const ROUTES_PER_SERVICE = 10;
const ROUTES_PER_MIDDLEWARE = 100;

/** A folder of routes, an object a file, that change one after the other: routes, middlewares, endpoints in turn. */
export class ChurnFolder {
  readonly #path: string;
  readonly #routes: number;
  /** Ports of the servers there are: endpoints go from one to the other. */
  readonly #ports: readonly number[];
  /** How often each Service's file was written, by index. */
  readonly #servicePuts: number[] = [];
  #edits = 0;

  constructor(path: string, routes: number, ports: readonly number[]) {
    this.#path = path;
    this.#routes = routes;
    this.#ports = ports;
    mkdirSync(path, { recursive: true });
    for (let index = 0; index < routes; index++) this.#putRoute(index, 0);
    for (let index = 0; index < routes / ROUTES_PER_SERVICE; index++) this.#putService(index);
    for (let index = 0; index < routes / ROUTES_PER_MIDDLEWARE; index++) this.#putMiddleware(index, 0);
  }

  /** Host and path that a route serves, whatever its edit. */
  requestOf(index: number): { readonly host: string; readonly path: string } {
    return { host: `app-${Math.floor(index / 5)}.example.com`, path: `/service-${index % 5}/` };
  }

  /** Edits one file somewhere. Answers when it was in its place (milliseconds since the epoch). */
  change(): number {
    const edit = ++this.#edits;
    const somewhere = (count: number) => (edit * 7919) % Math.ceil(count);
    if (edit % 3 === 0) return this.#putRoute(somewhere(this.#routes), edit);
    if (edit % 3 === 1) return this.#putMiddleware(somewhere(this.#routes / ROUTES_PER_MIDDLEWARE), edit);
    return this.#putService(somewhere(this.#routes / ROUTES_PER_SERVICE));
  }

  /** An edit gives a route another rule for the same requests. */
  #putRoute(index: number, edit: number): number {
    const { host, path } = this.requestOf(index);
    const match = `Host(\`${host}\`) && PathPrefix(\`${path}\`)${edit === 0 ? "" : ` && !Header(\`X-Edit\`, \`${edit}\`)`}`;
    const middlewares = [{ name: `middleware-${Math.floor(index / ROUTES_PER_MIDDLEWARE)}` }];
    const services = [{ name: `service-${Math.floor(index / ROUTES_PER_SERVICE)}`, port: "http" }];
    return this.#put(`route-${index}`, [{ kind: "IngressRoute", spec: { routes: [{ match, middlewares, services }] } }]);
  }

  #putMiddleware(index: number, edit: number): number {
    const spec = { headers: { customRequestHeaders: { "X-Edit": `of ${edit}` } } };
    return this.#put(`middleware-${index}`, [{ kind: "Middleware", spec }]);
  }

  /** Each time its endpoint is another server. */
  #putService(index: number): number {
    const name = `service-${index}`;
    const puts = this.#servicePuts[index] ?? 0;
    this.#servicePuts[index] = puts + 1;
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: NAMESPACE, name, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port: this.#ports[puts % this.#ports.length] }],
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    };
    return this.#put(name, [{ apiVersion: "v1", kind: "Service", spec: { ports: [{ name: "http", port: 80 }] } }, slice]);
  }

  #put(name: string, objects: readonly object[]): number {
    const documents = objects.map((object) => ({
      apiVersion: "fairway.dev/v1alpha1",
      metadata: { namespace: NAMESPACE, name },
      ...object,
    }));
    return putFile(this.#path, `${name}.yaml`, documents.map((document) => JSON.stringify(document, null, 1)).join("\n---\n"));
  }
}
