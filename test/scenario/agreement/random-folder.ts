import type { Dice } from "./dice.ts";
import { randomRule } from "./random-rule.ts";

type Manifest = Readonly<Record<string, unknown>>;

/** What request headers begin with by which a test sees whose middlewares ran. */
export const MARK_HEADER = "x-is-";

export const ENTRY_POINTS = ["web", "alt", "secure"] as const;

const NAMESPACES = ["one", "two"];
const SERVICES = ["a", "b", "c", "idle"];
const MIDDLEWARES = ["add", "add-too", "strip", "strip-slash", "mark", "host", "redirect", "redirect-port", "chain", "gone"];
const GROUP = "fairway.dev/v1alpha1";

/** A folder of random manifests: `routes` IngressRoutes and Ingresses and all they refer to, or fail to. `ports` are those of the servers there are. */
export function randomFolder(dice: Dice, routes: number, ports: readonly number[]): string {
  const manifests = [
    ...NAMESPACES.flatMap((namespace) => [
      ...SERVICES.flatMap((name) => randomService(dice, namespace, name, ports)),
      ...middlewares(dice, namespace),
      ...(dice.chance(0.5) ? [randomGrant(dice, namespace)] : []),
    ]),
    ...Array.from({ length: routes }, (_, index) =>
      dice.chance(0.8) ? randomIngressRoute(dice, index) : [randomIngress(dice, index)],
    ).flat(),
  ];
  return manifests.map((manifest) => JSON.stringify(manifest, null, 1)).join("\n---\n");
}

function randomService(dice: Dice, namespace: string, name: string, ports: readonly number[]): readonly Manifest[] {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { ports: [{ name: "http", port: 80 }] },
  };
  if (name === "idle") return [service];
  const slices = dice.some(ports, 1, 2).map((port, index) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: `${name}-${index}`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: randomConditions(dice) }],
  }));
  return [service, ...slices];
}

/** Most endpoints are ready; some serve while they end, some do neither. */
function randomConditions(dice: Dice): Manifest {
  if (dice.chance(0.8)) return { ready: true };
  return dice.pick([{}, { ready: false }, { ready: false, serving: true, terminating: true }]);
}

/** Lets some kinds of the other namespace refer to some of this one. */
function randomGrant(dice: Dice, namespace: string): Manifest {
  const [other] = NAMESPACES.filter((name) => name !== namespace);
  const from = dice.some(["IngressRoute", "Middleware"], 1, 2).map((kind) => ({ group: "fairway.dev", kind, namespace: other }));
  const kinds = dice.some(["Service", "Middleware", "IngressRoute"], 1, 3);
  const to = kinds.map((kind) => ({ group: kind === "Service" ? "" : "fairway.dev", kind }));
  return {
    apiVersion: "gateway.networking.k8s.io/v1beta1",
    kind: "ReferenceGrant",
    metadata: { namespace, name: "grant" },
    spec: { from, to },
  };
}

function middlewares(dice: Dice, namespace: string): readonly Manifest[] {
  const specs: Readonly<Record<string, unknown>> = {
    add: { addPrefix: { prefix: "/added" } },
    "add-too": { addPrefix: { prefix: "/b" } },
    strip: { stripPrefix: { prefixes: ["/a/b", "/a"] } },
    "strip-slash": { stripPrefix: { prefixes: ["/b/", "/long"] } },
    mark: { headers: { customRequestHeaders: { "X-Mark": "marked", "X-Test": "" } } },
    host: { headers: { customRequestHeaders: { Host: "inside.test" } } },
    redirect: { redirectScheme: { scheme: "https", permanent: true } },
    "redirect-port": { redirectScheme: { scheme: dice.pick(["http", "https"]), port: "8000" } },
    chain: { chain: { middlewares: dice.some(["add", "strip", "mark", "redirect"], 1, 3).map((name) => ({ name })) } },
  };
  return Object.entries(specs).map(([name, spec]) => ({
    apiVersion: GROUP,
    kind: "Middleware",
    metadata: { namespace, name },
    spec,
  }));
}

/** With the middleware that marks what each of its rules answers. */
function randomIngressRoute(dice: Dice, index: number): readonly Manifest[] {
  const namespace = dice.pick(NAMESPACES);
  const rules = Array.from({ length: 1 + dice.number(3) }, (_, at) => randomRoute(dice, `${index}-${at}`));
  const marks = rules.map((_, at) => ({
    apiVersion: GROUP,
    kind: "Middleware",
    metadata: { namespace, name: `is-${index}-${at}` },
    spec: { headers: { customRequestHeaders: { [`${MARK_HEADER}${index}-${at}`]: "1" } } },
  }));
  const isChild = index > 0 && dice.chance(0.3);
  const spec = {
    ...(isChild ? { parentRefs: [{ name: `r${dice.number(index)}`, namespace: dice.pick(NAMESPACES) }] } : {}),
    ...(isChild || dice.chance(0.7) ? {} : { entryPoints: dice.some([...ENTRY_POINTS, "nowhere"], 1, 3) }),
    ...(!isChild && dice.chance(0.15) ? { tls: {} } : {}),
    routes: rules,
  };
  return [...marks, { apiVersion: GROUP, kind: "IngressRoute", metadata: randomMetadata(dice, namespace, `r${index}`), spec }];
}

function randomRoute(dice: Dice, mark: string): Manifest {
  const uses = dice.some(MIDDLEWARES, 0, 2).map((name) => ({ name, ...elsewhere(dice) }));
  return {
    match: randomRule(dice),
    ...(dice.chance(0.2) ? { priority: dice.pick([1, 5, 20, 40, -1]) } : {}),
    middlewares: [{ name: `is-${mark}` }, ...(dice.chance(0.5) ? uses : [])],
    ...(dice.chance(0.1) ? {} : { services: randomServices(dice) }),
  };
}

function randomServices(dice: Dice): readonly Manifest[] {
  return dice.some([...SERVICES, ...(dice.chance(0.2) ? ["gone"] : [])], 1, dice.chance(0.2) ? 3 : 1).map((name) => ({
    name,
    port: dice.chance(0.95) ? dice.pick([80, "http"]) : 81,
    ...(dice.chance(0.2) ? { weight: dice.number(3) } : {}),
    ...(dice.chance(0.1) ? { passHostHeader: false } : {}),
    ...elsewhere(dice),
  }));
}

function randomIngress(dice: Dice, index: number): Manifest {
  const backend = () => ({
    service: { name: dice.pick([...SERVICES, "gone"]), port: dice.pick([{ number: 80 }, { name: "http" }]) },
  });
  const path = () => ({
    path: dice.pick(["/", "/a", "/a/", "/a/b", "/b"]),
    pathType: dice.pick(["Exact", "Prefix", "ImplementationSpecific"]),
    backend: backend(),
  });
  const rule = () => ({
    ...(dice.chance(0.1) ? {} : { host: dice.pick(["a.test", "b.test", "*.a.test", "*.test", "x.a.test"]) }),
    http: { paths: Array.from({ length: 1 + dice.number(2) }, path) },
  });
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: randomMetadata(dice, dice.pick(NAMESPACES), `i${index}`),
    spec: {
      ...(dice.chance(0.05) ? { defaultBackend: backend() } : {}),
      rules: Array.from({ length: 1 + dice.number(2) }, rule),
    },
  };
}

/** Few ages, so that some are the same. */
function randomMetadata(dice: Dice, namespace: string, name: string): Manifest {
  const age = dice.pick([{}, { creationTimestamp: "2026-01-01T00:00:00Z" }, { creationTimestamp: "2026-02-01T00:00:00Z" }]);
  return { namespace, name, ...age };
}

/** Seldom a namespace, which then may be the other one. */
function elsewhere(dice: Dice): { readonly namespace?: string } {
  return dice.chance(0.15) ? { namespace: dice.pick(NAMESPACES) } : {};
}
