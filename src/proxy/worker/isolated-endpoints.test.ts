import { expect, test } from "vitest";
import { resourceId } from "../../model/ids.ts";
import type { Endpoints, LoadBalancer } from "../../model/service.ts";
import { isolatedEndpoints } from "./isolated-endpoints.ts";
import { entryPoint, facts, match, RoutingCase, router, serviceWithEndpoints } from "./routing-case.ts";

const origin = { kind: "Service", namespace: "test", name: "app" };

function service(clusterIP: string | null, clusterPort?: number): LoadBalancer {
  const [id, endpoints] = [resourceId("service", origin, "80"), resourceId("endpoints", origin, "80")];
  const port = clusterPort === undefined ? {} : { clusterPort };
  return { type: "loadBalancer", id, origin, endpoints, scheme: "http", passHostHeader: true, clusterIP, ...port };
}

function endpoints(...addresses: readonly string[]): Endpoints {
  return { id: resourceId("endpoints", origin, "80"), origin, servers: addresses.map((address) => ({ address, port: 8080 })) };
}

test("the ClusterIP, on the Service's own port, takes the place of addresses", () => {
  const isolated = isolatedEndpoints(service("10.96.0.7", 80), endpoints("10.0.0.1", "10.0.0.2"));
  expect(isolated?.servers).toEqual([{ address: "10.96.0.7", port: 80 }]);
  expect(isolatedEndpoints(service("10.96.0.7", 80), endpoints())?.servers, "there may be some by now").toHaveLength(1);
});

test("without a ClusterIP nobody is safe, but for names, which are nobody else's", () => {
  expect(isolatedEndpoints(service(null), endpoints("10.0.0.1"))).toBeNull();
  expect(isolatedEndpoints(service(null), endpoints("2001:db8::1"))).toBeNull();
  expect(isolatedEndpoints(service(null), endpoints("app.example"))?.servers[0]?.address).toBe("app.example");
  expect(isolatedEndpoints(service(null), endpoints())?.servers).toEqual([]);
  expect(
    isolatedEndpoints(service("10.96.0.7"), endpoints("10.0.0.1")),
    "from an operator that does not say the port",
  ).toBeNull();
});

test("a worker that is isolated by a switch changes every service at its next use, and back by another", () => {
  const routing = new RoutingCase();
  const { world } = routing;
  const { update } = routing.build([
    entryPoint("web"),
    router("a", match("Host", "shop.test")),
    ...serviceWithEndpoints("a", [80]),
  ]);
  world.prepare(update);
  world.switch(update.sequence);
  const live = () => world.route(world.entryPointBit("web"), facts("shop.test", "/"))?.service;
  const service = live();
  const again = (isIsolated: boolean): void => {
    world.prepare({ ...update, index: [], resources: [], isIsolated });
    world.switch(update.sequence);
  };
  again(true);
  expect(live()).toBe(service);
  again(true);
  live();
  again(false);
  live();
  expect(service?.plans.map((plan) => plan.type === "loadBalancer" && [plan.isCutOff, plan.endpoints.servers.length])).toEqual([
    [false, 1],
    [true, 0],
    [false, 1],
  ]);
});
