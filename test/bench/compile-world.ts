import type { KubernetesObject } from "../../src/control/validate/stored-form.ts";
import { ruleAt } from "./route-world.ts";

/** How many routes share a Service, and how many a Middleware. */
const ROUTES_PER_SERVICE = 10;
const ROUTES_PER_MIDDLEWARE = 100;

const NAMESPACE = "bench";

/** A world of `routers` IngressRoutes with one rule each, and what they refer to, as the API server would send it. */
export class CompileWorld {
  readonly routers: number;
  readonly services: number;
  readonly middlewares: number;

  constructor(routers: number) {
    this.routers = routers;
    this.services = Math.ceil(routers / ROUTES_PER_SERVICE);
    this.middlewares = Math.ceil(routers / ROUTES_PER_MIDDLEWARE);
  }

  *objects(): Generator<KubernetesObject> {
    for (let index = 0; index < this.services; index++) yield* [this.service(index), this.slice(index)];
    for (let index = 0; index < this.middlewares; index++) yield this.middleware(index);
    for (let index = 0; index < this.routers; index++) yield this.route(index);
  }

  /** An IngressRoute; an `edit` other than 0 gives it another rule. */
  route(index: number, edit = 0): KubernetesObject {
    const match = edit === 0 ? ruleAt(index) : `${ruleAt(index)} && !Header(\`X-Edit\`, \`${edit}\`)`;
    const middlewares = [{ name: `strip-${Math.floor(index / ROUTES_PER_MIDDLEWARE)}` }];
    const services = [{ name: `service-${Math.floor(index / ROUTES_PER_SERVICE)}`, port: "http" }];
    const spec = { entryPoints: ["web"], routes: [{ match, middlewares, services }] };
    return { apiVersion: "fairway.dev/v1alpha1", kind: "IngressRoute", metadata: named(`route-${index}`, edit), spec };
  }

  middleware(index: number, edit = 0): KubernetesObject {
    const spec = { stripPrefix: { prefixes: [`/service-${edit}`] } };
    return { apiVersion: "fairway.dev/v1alpha1", kind: "Middleware", metadata: named(`strip-${index}`, edit), spec };
  }

  /** A Service; an `edit` gives it another address. */
  service(index: number, edit = 0): KubernetesObject {
    const clusterIP = `10.${96 + edit}.${(index >> 8) & 255}.${index & 255}`;
    const spec = { clusterIP, ports: [{ name: "http", port: 80 }] };
    return { apiVersion: "v1", kind: "Service", metadata: named(`service-${index}`, edit), spec };
  }

  /** The EndpointSlice of a Service; an `edit` moves one of its two Pods. */
  slice(index: number, edit = 0): KubernetesObject {
    const labels = { "kubernetes.io/service-name": `service-${index}` };
    const address = (last: number) => `10.${(index >> 8) & 255}.${index & 255}.${last}`;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...named(`service-${index}-a`, edit), labels },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: [address(1), address(2 + edit)].map((one) => ({ addresses: [one], conditions: { ready: true } })),
    };
  }
}

function named(name: string, edit: number) {
  return { name, namespace: NAMESPACE, generation: 1 + edit, creationTimestamp: "2026-01-01T00:00:00Z" };
}
