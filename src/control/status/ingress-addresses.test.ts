import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { ApiError, type ApiObject } from "../api/api.ts";
import { type AddressOrigin, IngressAddresses, toAddresses } from "./ingress-addresses.ts";
import { PROXY_SERVICE, proxies } from "./keeper-case.ts";

const NAMED = { kind: "Service", namespace: "edge", name: "front" };

function caseOf(origin: Partial<AddressOrigin> = {}) {
  const time = new SimulatedTime();
  const api = new FakeApi();
  const changes: string[] = [];
  const origins = new Map<string, AddressOrigin>([
    ["fairway", { addresses: [], service: PROXY_SERVICE, isNamed: false, proxies: PROXY_SERVICE, ...origin }],
  ]);
  const addresses = new IngressAddresses({
    api,
    clock: new ProcessClock(time),
    origins: () => origins,
    onChanged: (className) => changes.push(className),
  });
  return { time, api, addresses, changes, origins };
}

function serviceOf(
  ref: { readonly namespace: string; readonly name: string },
  spec: object,
  ingress: readonly object[] = [],
): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: ref.namespace, name: ref.name },
    spec,
    status: { loadBalancer: { ingress } },
  };
}

function node(name: string, ...addresses: readonly (readonly [string, string])[]): ApiObject {
  const listed = addresses.map(([type, address]) => ({ type, address }));
  return { apiVersion: "v1", kind: "Node", metadata: { name }, status: { addresses: listed } };
}

const INTERNAL = node("node-0", ["InternalIP", "10.0.0.5"], ["Hostname", "node-0"]);
const EXTERNAL = node("node-1", ["InternalIP", "10.0.0.6"], ["ExternalIP", "198.51.100.6"]);

test.each<[string, object, readonly object[], boolean, readonly object[]]>([
  [
    "a load balancer gives its addresses",
    { type: "LoadBalancer" },
    [{ ip: "203.0.113.9" }, { hostname: "lb.example" }],
    false,
    [{ ip: "203.0.113.9" }, { hostname: "lb.example" }],
  ],
  ["a load balancer that is not there yet gives none", { type: "LoadBalancer" }, [], false, []],
  [
    "external IPs are given",
    { type: "ClusterIP", clusterIP: "10.0.0.9", externalIPs: ["198.51.100.1"] },
    [],
    false,
    [{ ip: "198.51.100.1" }],
  ],
  [
    "a node port gives the nodes that proxies are on",
    { type: "NodePort", clusterIP: "10.0.0.9" },
    [],
    false,
    [{ ip: "10.0.0.5" }, { ip: "198.51.100.6" }],
  ],
  [
    "a cluster address alone gives the nodes that proxies are on",
    { type: "ClusterIP", clusterIP: "10.0.0.9" },
    [],
    false,
    [{ ip: "10.0.0.5" }, { ip: "198.51.100.6" }],
  ],
  [
    "a cluster address is given where somebody named the Service",
    { type: "ClusterIP", clusterIP: "10.0.0.9" },
    [],
    true,
    [{ ip: "10.0.0.9" }],
  ],
  ["so is an external name", { type: "ExternalName", externalName: "edge.example" }, [], true, [{ hostname: "edge.example" }]],
  [
    "a headless one gives the nodes",
    { type: "ClusterIP", clusterIP: "None" },
    [],
    true,
    [{ ip: "10.0.0.5" }, { ip: "198.51.100.6" }],
  ],
])("%s", async (_, spec, ingress, isNamed, expected) => {
  const { time, api, addresses } = caseOf({ isNamed, service: NAMED });
  for (const object of [serviceOf(NAMED, spec, ingress), ...proxies("p1", "p2"), INTERNAL, EXTERNAL]) api.put(object);
  addresses.start();
  await time.pass(0);
  expect(addresses.of("fairway")).toEqual(expected);
});

test("given addresses come first, and nothing is read for them", async () => {
  const { time, api, addresses } = caseOf({ addresses: ["edge.example", "192.0.2.1", "2001:db8::1", "192.0.2.1"] });
  addresses.start();
  await time.pass(0);
  expect(addresses.of("fairway")).toEqual([{ ip: "192.0.2.1" }, { ip: "2001:db8::1" }, { hostname: "edge.example" }]);
  expect(api.requests).toEqual([]);
});

test("nodes of proxies that are not ready are left out, and nodes that are gone", async () => {
  const { time, api, addresses } = caseOf();
  const [own, slice] = proxies("p1", "p2") as [ApiObject, ApiObject & { endpoints: { conditions: { ready: boolean } }[] }];
  const [, second] = slice.endpoints;
  if (second) second.conditions.ready = false;
  for (const object of [own, slice, INTERNAL, EXTERNAL]) api.put(object);
  addresses.start();
  await time.pass(0);
  expect(addresses.of("fairway")).toEqual([{ ip: "10.0.0.5" }]);
});

test("while there is no address it looks every 2 s, then every 30 s; a change is told once", async () => {
  const { time, api, addresses, changes } = caseOf();
  addresses.start();
  await time.pass(5_000);
  api.put(serviceOf(PROXY_SERVICE, { type: "LoadBalancer" }, [{ ip: "203.0.113.1" }]));
  await time.pass(2_000);
  expect(addresses.of("fairway")).toEqual([{ ip: "203.0.113.1" }]);
  const reads = api.requests.length;
  await time.pass(90_000);
  expect(api.requests.length - reads).toBe(3);
  expect(changes).toEqual(["fairway"]);
  api.put(serviceOf(PROXY_SERVICE, { type: "LoadBalancer" }, [{ ip: "203.0.113.2" }]));
  await time.pass(30_000);
  expect(changes).toEqual(["fairway", "fairway"]);
});

test("addresses stay when the load balancer loses them, and when nothing can be read", async () => {
  const { time, api, addresses } = caseOf();
  api.put(serviceOf(PROXY_SERVICE, { type: "LoadBalancer" }, [{ ip: "203.0.113.1" }]));
  addresses.start();
  await time.pass(0);
  api.put(serviceOf(PROXY_SERVICE, { type: "LoadBalancer" }));
  await time.pass(60_000);
  api.intercept = () => {
    throw new ApiError(403, "Forbidden", "no");
  };
  await time.pass(60_000);
  expect(addresses.of("fairway")).toEqual([{ ip: "203.0.113.1" }]);
});

test("nothing is read after the end", async () => {
  const { time, api, addresses } = caseOf();
  addresses.start();
  await time.pass(0);
  addresses.stop();
  const reads = api.requests.length;
  await time.pass(60_000);
  addresses.refresh();
  expect(api.requests).toHaveLength(reads);
});

test("addresses are at most 16", () => {
  expect(toAddresses(Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`))).toHaveLength(16);
});
