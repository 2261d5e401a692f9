import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { FALLBACK, type Slot, type SlotState } from "./slot.ts";

const NAMESPACE = "demo";
const DOMAIN = "changes.test";

/** Puts a file into its place in one step, as editors do. Answers when the step was taken (milliseconds since the epoch). */
export function putFile(folder: string, name: string, text: string): number {
  const draft = join(folder, `.${name}.draft`);
  writeFileSync(draft, text);
  const renamedAtMs = Date.now();
  renameSync(draft, join(folder, name));
  return renamedAtMs;
}

export function routeFile(slot: Slot, state: SlotState): string {
  return `${slot.name}-route-${state.fileNumber}.yaml`;
}

/** Writes the files that every slot leans on: the route for hosts without one of their own. */
export function writeFallback(folder: string): void {
  const match = `Host(\`*.${DOMAIN}\`)`;
  const route = ingressRoute("fallback", { match, priority: -1, services: [{ name: FALLBACK.server, port: 80 }] });
  putFile(folder, "fallback.yaml", stringify(route));
}

/** Writes all files of a slot. */
export function writeSlot(folder: string, slot: Slot, ports: ReadonlyMap<string, number>): void {
  putBackend(folder, slot, slot.state, ports);
  putMiddleware(folder, slot, slot.state);
  putRoute(folder, slot, slot.state);
}

/** The slot's own Service and its server. */
export function putBackend(folder: string, slot: Slot, { ownServer }: SlotState, ports: ReadonlyMap<string, number>): number {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: slot.ownService, namespace: NAMESPACE },
    spec: { ports: [{ name: "http", port: 80 }] },
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: slot.ownService, namespace: NAMESPACE, labels: { "kubernetes.io/service-name": slot.ownService } },
    addressType: "IPv4",
    ports: [{ name: "http", port: ports.get(ownServer) }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
  };
  return putFile(folder, `${slot.name}-backend.yaml`, `${stringify(service)}---\n${stringify(slice)}`);
}

export function putMiddleware(folder: string, slot: Slot, { prefix }: SlotState): number {
  const middleware = {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "Middleware",
    metadata: { name: slot.name, namespace: NAMESPACE },
    spec: { addPrefix: { prefix } },
  };
  return putFile(folder, `${slot.name}-middleware.yaml`, stringify(middleware));
}

/** The slot's route: none, a file that does not parse, or what its state says. */
export function putRoute(folder: string, slot: Slot, state: SlotState): number {
  const name = routeFile(slot, state);
  if (state.broken) return putFile(folder, name, "kind: [IngressRoute\n  metadata: {name\n");
  if (state.service !== null) return putFile(folder, name, stringify(route(slot, state.service)));
  const removedAtMs = Date.now();
  rmSync(join(folder, name), { force: true });
  return removedAtMs;
}

/** Gives the route's file another name. */
export function renameRoute(folder: string, slot: Slot, from: SlotState, to: SlotState): number {
  const renamedAtMs = Date.now();
  renameSync(join(folder, routeFile(slot, from)), join(folder, routeFile(slot, to)));
  return renamedAtMs;
}

function route(slot: Slot, service: string): object {
  if (slot.kind === "Ingress") return ingress(slot, service);
  const match = `Host(\`${slot.host}\`)`;
  return ingressRoute(slot.name, { match, middlewares: [{ name: slot.name }], services: [{ name: service, port: 80 }] });
}

function ingress({ name, host }: Slot, service: string): object {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: NAMESPACE },
    spec: { rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
  };
}

function ingressRoute(name: string, one: object): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: NAMESPACE },
    spec: { entryPoints: ["web"], routes: [one] },
  };
}
