import { afterEach, expect, test } from "vitest";
import { CHANNEL_TIMING } from "../../../src/channel/timing.ts";
import { Compiler } from "../../../src/control/graph/compiler.ts";
import { LEASE_TIMING } from "../../../src/control/leader/lease-timing.ts";
import { Publisher } from "../../../src/control/publish/publisher.ts";
import { ObjectStore } from "../../../src/control/store/object-store.ts";
import { storedObject } from "../../compile/world-edits.ts";
import { DEV_SETTINGS } from "../../golden/world.ts";

const ROUTES = 5_000;

let stopped = false;

afterEach(() => {
  stopped = true;
});

/**
 * The longest that this thread computes without giving anybody else a turn, in ms of its CPU time: what others take from the machine
 * does not count.
 */
function longestTurn(): () => number {
  let longestMs = 0;
  let before = process.threadCpuUsage();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    before = process.threadCpuUsage();
    if (!stopped) setImmediate(turn);
  };
  setImmediate(turn);
  return () => longestMs;
}

test("a build of 5,000 routes from nothing keeps neither a renewal of the Lease nor a heartbeat waiting", async () => {
  const store = new ObjectStore();
  store.apply(storedObject("Service", "one", "app", { spec: { clusterIP: "10.0.0.1", ports: [{ port: 80 }] } }));
  for (let index = 0; index < ROUTES; index++) {
    const routes = [{ match: `Host(\`h${index}.test\`) && PathPrefix(\`/api\`)`, services: [{ name: "app", port: 80 }] }];
    store.apply(storedObject("IngressRoute", "one", `r${index}`, { spec: { routes } }));
  }
  store.takeChanges();
  const publisher = new Publisher();
  const longestMs = longestTurn();
  const { changes } = await new Compiler(DEV_SETTINGS).updateInSteps(store, "all");
  const [delta] = await publisher.publishInSteps(changes);
  expect(delta?.upserts.length).toBeGreaterThan(ROUTES);
  expect(longestMs()).toBeGreaterThan(0);
  expect(longestMs()).toBeLessThan(LEASE_TIMING.retryMs / 2);
  expect(longestMs()).toBeLessThan(CHANNEL_TIMING.heartbeatMs / 10);
});
