import { expect, test } from "vitest";
import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import { ConnectionLimits, clientOf } from "./connection-limits.ts";
import { newTally, SharedTally } from "./shared-tally.ts";

function entryPoint(name: string, policy: EntryPoint["policy"] = {}): EntryPoint {
  const id = resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "test" }, name);
  return { id, name, host: "", port: 80, tls: false, trustedProxies: [], policy };
}

function limits(workers = 1): readonly ConnectionLimits[] {
  const buffer = newTally(workers);
  return Array.from({ length: workers }, (_, row) => new ConnectionLimits(new SharedTally(buffer, row)));
}

test.for([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:db8::ffff:1:2", "2001:db8:0:0"],
  ["2001:DB8:0:0:1:2:3:4", "2001:db8:0:0"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8:1:2::", "2001:db8:1:2"],
  ["::1", "0:0:0:0"],
  ["::", "0:0:0:0"],
  ["1::2:3:4:5:6", "1:0:0:2"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0"],
] as const)("%s counts as %s", ([address, client]) => {
  expect(clientOf(address)).toBe(client);
});

test("an entry point takes as many connections as it may, over all workers", () => {
  const [one, two] = limits(2) as [ConnectionLimits, ConnectionLimits];
  const web = entryPoint("web", { connectionsMax: 2 });
  const [first, second] = [one.enter(web), two.enter(web)];
  expect([one.enter(web), two.enter(web)]).toEqual([null, null]);
  expect(one.enter(entryPoint("other", { connectionsMax: 1 }))).not.toBeNull();
  if (first === null || second === null) throw new Error("there was place for two");
  two.leave(second);
  two.leave(second);
  expect(one.enter(web)).not.toBeNull();
  expect(two.enter(web)).toBeNull();
});

test("an address has its own bound at each entry point, and a refused connection takes nothing", () => {
  const [one, two] = limits(2) as [ConnectionLimits, ConnectionLimits];
  const web = entryPoint("web", { connectionsPerAddressMax: 1 });
  const place = () => ({ entryPoint: -2, address: -2, upgrade: -2 });
  const held = place();
  expect(one.enterAs("2001:db8::1", web, held)).toBe(true);
  expect(two.enterAs("2001:db8::2", web, place())).toBe(false);
  expect(two.enterAs("2001:db8:0:1::1", web, place())).toBe(true);
  expect(two.enterAs("2001:db8::1", entryPoint("other", { connectionsPerAddressMax: 1 }), place())).toBe(true);
  one.leave(held);
  expect(two.enterAs("2001:db8::2", web, place())).toBe(true);
});

test("without a bound nothing is counted", () => {
  const [one] = limits() as [ConnectionLimits];
  const web = entryPoint("web");
  const place = one.enter(web);
  expect(place).toEqual({ entryPoint: -2, address: -2, upgrade: -2 });
  expect(one.enterAs("192.0.2.1", web, { entryPoint: -2, address: -2, upgrade: -2 })).toBe(true);
});
