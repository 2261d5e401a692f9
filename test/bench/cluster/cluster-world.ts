import type { ApiRequest, KubernetesApi } from "../../../src/control/api/api.ts";

/** Namespace of everything the bench makes. */
export const NAMESPACE = "bench";
/** Services that the routes share, each with two made-up endpoints. */
const SERVICES = 100;
/** Writes under way at a time. */
const PARALLEL = 16;

const ROUTES_PATH = `/apis/fairway.dev/v1alpha1/namespaces/${NAMESPACE}/ingressroutes`;
const SLICES_PATH = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

/** A route of the bench; `edition` makes one differ from the one before. */
export function route(index: number, edition = 0) {
  const match = `Host(\`app-${index}.example\`) && PathPrefix(\`/edition-${edition}/\`)`;
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name: `app-${index}`, namespace: NAMESPACE },
    spec: { ingressClassName: "fairway", routes: [{ match, services: [{ name: `service-${index % SERVICES}`, port: 80 }] }] },
  };
}

/** Makes routes of the numbers from `from` to before `to`. */
export async function makeRoutes(api: KubernetesApi, from: number, to: number): Promise<void> {
  await inParallel(range(from, to), (index) => api.request({ method: "POST", path: ROUTES_PATH, body: route(index) }));
}

/** Deletes every route, and waits until they are gone. */
export async function deleteRoutes(api: KubernetesApi): Promise<void> {
  await api.request({ method: "DELETE", path: ROUTES_PATH, timeoutMs: 120_000 });
}

/** Makes the namespace, the Services and their endpoints. */
export async function makeServices(api: KubernetesApi): Promise<void> {
  await api.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: NAMESPACE } } });
  await inParallel(range(0, SERVICES), async (index) => {
    const name = `service-${index}`;
    const ports = [{ name: "http", port: 80 }];
    const body = { metadata: { name }, spec: { ports } };
    await api.request({ method: "POST", path: `/api/v1/namespaces/${NAMESPACE}/services`, body });
    await api.request({ method: "POST", path: SLICES_PATH, body: slice(index, 0) });
  });
}

function slice(index: number, edition: number) {
  const addresses = [1, 2].map((host) => `10.200.${index}.${((edition + host) % 250) + 1}`);
  return {
    addressType: "IPv4",
    metadata: { name: `service-${index}`, labels: { "kubernetes.io/service-name": `service-${index}` } },
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  };
}

/** One change of a route. */
export function routeChange(edition: number): ApiRequest {
  const index = (edition * 37) % 1_000;
  return { method: "PATCH", path: `${ROUTES_PATH}/app-${index}`, body: { spec: route(index, edition).spec } };
}

/** One change of a Service's endpoints. */
export function endpointChange(edition: number): ApiRequest {
  const index = edition % SERVICES;
  return { method: "PATCH", path: `${SLICES_PATH}/service-${index}`, body: { endpoints: slice(index, edition).endpoints } };
}

interface RouteList {
  readonly items: readonly {
    readonly metadata: { readonly generation: number };
    readonly status?: {
      readonly observedGeneration?: number;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }[];
}

/** How many routes say in their status that every proxy runs their newest form. */
export async function programmedRoutes(api: KubernetesApi): Promise<number> {
  const { items } = await api.request<RouteList>({ method: "GET", path: ROUTES_PATH });
  return items.filter(({ metadata, status }) => {
    const isProgrammed = status?.conditions?.some(({ type, status: holds }) => type === "Programmed" && holds === "True");
    return isProgrammed === true && status?.observedGeneration === metadata.generation;
  }).length;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items].reverse();
  const lane = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}
