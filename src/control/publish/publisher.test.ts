import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeResource, SetHash } from "../../model/encode.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { EncodedResource, Resource } from "../../model/resource.ts";
import type { Delta } from "../../model/snapshot.ts";
import { Publisher } from "./publisher.ts";

const endpoints = (name: string, port: number): Resource => {
  const origin = { kind: "Service", namespace: "one", name };
  return { id: resourceId("endpoints", origin, "80"), origin, servers: [{ address: "10.0.0.1", port }] };
};
const change = (upserts: readonly Resource[], removals: readonly ResourceId[] = [], className = "red") =>
  new Map([[className, { upserts, removals }]]);
const idOf = (name: string) => endpoints(name, 0).id;

test("a class that was never published has no snapshot", () => {
  expect(new Publisher().current("red")).toBeNull();
});

test("the first publication starts from nothing, even when it is empty", () => {
  const publisher = new Publisher();
  expect(publisher.publish(change([]))).toMatchObject([
    { class: "red", from: "", to: "0".repeat(64), upserts: [], removals: [] },
  ]);
  expect(publisher.current("red")).toMatchObject({ class: "red", version: "0".repeat(64) });
});

test("a subscriber sees each delta of its class, in order, until it leaves", () => {
  const publisher = new Publisher();
  const seen: Delta[] = [];
  const leave = publisher.subscribe("red", (delta) => seen.push(delta));
  const first = publisher.publish(change([endpoints("a", 1)]));
  publisher.publish(change([endpoints("a", 1)], [], "blue"));
  const second = publisher.publish(change([endpoints("b", 1)], [idOf("a")]));
  leave();
  publisher.publish(change([endpoints("c", 1)]));
  expect(seen).toEqual([...first, ...second]);
  expect(seen[1]?.from).toBe(seen[0]?.to);
  expect(seen[1]?.removals).toEqual([idOf("a")]);
});

test("bytes that come out as they were are no message", () => {
  const publisher = new Publisher();
  publisher.publish(change([endpoints("a", 1)]));
  const before = publisher.current("red");
  expect(publisher.publish(change([endpoints("a", 1)], [idOf("missing")]))).toEqual([]);
  expect(publisher.current("red")).toBe(before);
});

test("a listener finds the snapshot as it is once its delta is applied", () => {
  const publisher = new Publisher();
  publisher.publish(change([endpoints("a", 1)]));
  const before = publisher.current("red");
  const seen: unknown[] = [];
  publisher.subscribe("red", ({ to }) => seen.push(publisher.current("red")?.version === to));
  publisher.publish(change([endpoints("b", 1)]));
  expect(seen).toEqual([true]);
  expect([...(publisher.current("red")?.resources.keys() ?? [])]).toEqual([idOf("a"), idOf("b")]);
  expect(publisher.current("red")?.version).not.toBe(before?.version);
});

test("who follows the deltas holds the snapshot, and its version says so", () => {
  const steps = fc.array(
    fc.record({
      put: fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(2))),
      drop: fc.array(fc.constantFrom("a", "b", "c")),
    }),
  );
  fc.assert(
    fc.property(steps, (worlds) => {
      const publisher = new Publisher();
      const held = new Map<ResourceId, EncodedResource>();
      let version = "";
      publisher.subscribe("red", (delta) => {
        expect(delta.from).toBe(version);
        for (const resource of delta.upserts) held.set(resource.id, resource);
        for (const id of delta.removals) held.delete(id);
        version = delta.to;
      });
      for (const { put, drop } of worlds) {
        const dropped = drop.filter((name) => put.every(([other]) => other !== name));
        const latest = new Map(put);
        publisher.publish(
          change(
            [...latest].map(([name, port]) => endpoints(name, port)),
            [...new Set(dropped)].map(idOf),
          ),
        );
      }
      const sum = new SetHash();
      for (const resource of held.values()) sum.add(resource.hash);
      expect(publisher.current("red")?.version ?? "").toBe(version);
      if (version !== "") expect(sum.hex()).toBe(version);
      expect(new Map(publisher.current("red")?.resources)).toEqual(held);
    }),
  );
});

test("published in steps it comes out the same, and nothing is seen before it is whole", async () => {
  const publisher = new Publisher();
  const resources = Array.from({ length: 3_000 }, (_, index) => endpoints(`s${index}`, index));
  const done = publisher.publishInSteps(change(resources));
  const [delta] = await done;
  expect(delta?.upserts.map((resource) => decodeResource(resource))).toEqual(resources.map((value) => ({ ok: true, value })));
});

test("a whole change takes away what it does not hold", () => {
  const publisher = new Publisher();
  publisher.publish(change([endpoints("a", 1), endpoints("b", 1)]));
  const whole = new Map([["red", { upserts: [endpoints("b", 1), endpoints("c", 1)], removals: [], isWhole: true as const }]]);
  expect(publisher.publish(whole)).toMatchObject([{ upserts: [{ id: idOf("c") }], removals: [idOf("a")] }]);
});

test("a listener that throws keeps no other one from its deltas", () => {
  const publisher = new Publisher();
  const seen: Delta[] = [];
  publisher.subscribe("red", () => {
    throw new Error("out of order");
  });
  publisher.subscribe("red", (delta) => seen.push(delta));
  expect(() => publisher.publish(change([endpoints("a", 1)]))).toThrow("out of order");
  expect(seen).toHaveLength(1);
});
