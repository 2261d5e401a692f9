import { expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { FAILURES } from "../../model/failure.ts";
import { resourceId } from "../../model/ids.ts";
import type { LoadBalancer, Server } from "../../model/service.ts";
import { CounterRow, newCounterRow } from "../../telemetry/worker-counters.ts";
import { TIMEOUTS } from "../http1/limits.ts";
import { Deadlines } from "../pipeline/deadlines.ts";
import type { LoadBalancerPlan } from "../worker/live-service.ts";
import { LiveLoadBalancer, type LiveServer } from "./live-load-balancer.ts";
import { Names } from "./names.ts";
import { ServerPools } from "./server-pools.ts";

const origin = { kind: "Service", namespace: "test", name: "app" };
const id = resourceId("endpoints", origin, "80");
const service: LoadBalancer = {
  type: "loadBalancer",
  id: resourceId("service", origin, "80"),
  origin,
  endpoints: id,
  scheme: "http",
  passHostHeader: false,
  clusterIP: null,
};

function plan(...servers: readonly Server[]): LoadBalancerPlan {
  return { type: "loadBalancer", service, endpoints: { id, origin, servers } };
}

function server(address: string, port = 80): Server {
  return { address, port };
}

const context = { deadlines: new Deadlines(systemClock), timeouts: TIMEOUTS, counters: new CounterRow(newCounterRow()) };

function balancer(...servers: readonly Server[]) {
  const names = new Names();
  const pools = new ServerPools(context);
  return { names, pools, live: new LiveLoadBalancer(plan(...servers), pools, names) };
}

test("a server's own Host has its port unless that is 80, and brackets around an IPv6 address", () => {
  const { live } = balancer(server("192.0.2.1"), server("192.0.2.1", 8080), server("2001:db8::1"), server("2001:db8::1", 8080));
  expect(live.servers.map(({ authority }) => authority)).toEqual([
    "192.0.2.1",
    "192.0.2.1:8080",
    "[2001:db8::1]",
    "[2001:db8::1]:8080",
  ]);
});

test("a name stands for all of its addresses, and keeps its name as Host", () => {
  const { live, names } = balancer(server("app.example", 8080));
  expect(live.next()).toBe(FAILURES.NameNotResolved);
  names.update([{ hostname: "app.example", addresses: ["192.0.2.1", "2001:db8::1"] }]);
  expect(live.servers.map(({ pool, authority }) => `${pool.address} ${authority}`)).toEqual([
    "192.0.2.1 app.example:8080",
    "2001:db8::1 app.example:8080",
  ]);
});

test("news of names leaves balancers alone that have none", () => {
  const { live, names } = balancer(server("192.0.2.1"));
  const before = live.servers;
  names.update([{ hostname: "other.example", addresses: ["192.0.2.9"] }]);
  expect(live.servers).toBe(before);
});

test("a server is known again by its address after a change; one that has left is not, and another follows it", () => {
  const { live } = balancer(server("192.0.2.1"), server("192.0.2.2"));
  const [first, second] = live.servers as readonly [LiveServer, LiveServer];
  live.update(plan(server("192.0.2.3"), server("192.0.2.2")));
  expect([live.has(first), live.has(second)]).toEqual([false, true]);
  expect((live.after(second) as LiveServer).pool.address).toBe("192.0.2.3");
  expect(live.after(first)).toHaveProperty("pool");
});

test("nobody serves a service that is cut off, which is told from one that has no server", () => {
  const { live } = balancer();
  expect(live.next()).toBe(FAILURES.NoServer);
  live.update({ ...plan(), isCutOff: true });
  expect(live.next()).toBe(FAILURES.Isolated);
});
