import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResource, SetHash } from "../model/encode.ts";
import { type ResourceId, resourceId } from "../model/ids.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Delta, Snapshot } from "../model/snapshot.ts";
import { diff, diffOf } from "./diff.ts";
import { Holding } from "./holding.ts";

/** A class whose services have these endpoints counts, by name. */
function snapshot(world: Readonly<Record<string, number>>): Snapshot {
  const resources = new Map<ResourceId, EncodedResource>();
  const sum = new SetHash();
  for (const [name, servers] of Object.entries(world)) {
    const origin = { kind: "Service", namespace: "shop", name };
    const id = resourceId("endpoints", origin);
    const addresses = Array.from({ length: servers }, (_, index) => ({ address: `10.0.0.${index}`, port: 80 }));
    const encoded = encodeResource({ id, origin, servers: addresses });
    resources.set(id, encoded);
    sum.add(encoded.hash);
  }
  return { class: "web", version: sum.hex(), resources };
}

const nothing = { version: "", hashes: [] };
const unordered = { term: 0n, sequence: 0n, lease: "" };

function take(holding: Holding, delta: Delta, position = unordered): void {
  const checking = holding.check({ ...delta, version: delta.to, position });
  if (!checking.ok) throw new Error(checking.error);
  holding.apply(checking.value.checked, checking.value.sum, position, []);
}

const worlds = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.nat({ max: 3 }));

test("from any world to any world, the difference is exactly what changed and comes out at the version", () => {
  fc.assert(
    fc.property(worlds, worlds, (before, after) => {
      const [from, to] = [snapshot(before), snapshot(after)];
      const holding = new Holding(nothing);
      take(holding, diff(new Map(), "", from));
      const delta = diff(holding.hashes(), holding.version, to);
      expect(delta.upserts.map(({ id }) => id).sort()).toEqual(
        Object.keys(after)
          .filter((name) => before[name] !== after[name])
          .map((name) => `endpoints:Service/shop/${name}/`)
          .sort(),
      );
      expect(delta.removals).toHaveLength(Object.keys(before).filter((name) => !(name in after)).length);
      take(holding, delta);
      expect(holding.version).toBe(to.version);
      expect([...holding.hashes().keys()].sort()).toEqual([...to.resources.keys()].sort());
    }),
  );
});

test("many changes taken together come out the same as one after another", () => {
  fc.assert(
    fc.property(fc.array(worlds, { minLength: 1, maxLength: 5 }), (steps) => {
      const holding = new Holding(nothing);
      const changed = new Set<ResourceId>();
      let last = snapshot({});
      for (const step of steps) {
        const next = snapshot(step);
        const hashes = new Map([...last.resources.values()].map(({ id, hash }) => [id, hash]));
        const delta = diff(hashes, last.version, next);
        for (const { id } of delta.upserts) changed.add(id);
        for (const id of delta.removals) changed.add(id);
        last = next;
      }
      take(holding, diffOf(changed, "", last));
      expect(holding.version).toBe(last.version);
    }),
  );
});

test("a delta whose version does not come out changes nothing", () => {
  const holding = new Holding(nothing);
  take(holding, diff(new Map(), "", snapshot({ a: 1 })));
  const { version } = holding;
  const delta = diff(holding.hashes(), version, snapshot({ a: 2, b: 1 }));
  const broken = { ...delta, version: delta.to, position: unordered, upserts: delta.upserts.slice(1) };
  const checking = holding.check(broken);
  expect(checking.ok ? "" : checking.error).toMatch(/^the version is [0-9a-f]{64} after applying, not [0-9a-f]{64}$/);
  expect(holding.version).toBe(version);
});

test("a delta from an operator that has been succeeded is refused, one in no order with what is held is not", () => {
  const holding = new Holding(nothing);
  take(holding, diff(new Map(), "", snapshot({ a: 1 })), { term: 2n, sequence: 5n, lease: "first" });
  const next = diff(holding.hashes(), holding.version, snapshot({ a: 2 }));
  const at = (term: bigint, sequence: bigint, lease = "first") =>
    holding.check({ ...next, version: next.to, position: { term, sequence, lease } }).ok;
  expect(at(1n, 9n)).toBe(false);
  expect(at(2n, 4n)).toBe(false);
  expect(at(2n, 5n)).toBe(true);
  expect(at(3n, 0n)).toBe(true);
  expect(at(0n, 0n)).toBe(true);
  expect(at(1n, 0n, "made anew after someone deleted the first")).toBe(true);
});

test("after forgetting, the next delta starts from nothing and says so", () => {
  const holding = new Holding(nothing);
  take(holding, diff(new Map(), "", snapshot({ a: 1, b: 1 })));
  holding.forget();
  expect(holding.version).toBe("");
  expect(holding.hashes().size).toBe(0);
  const delta = diff(holding.hashes(), holding.version, snapshot({ b: 1 }));
  const checking = holding.check({ ...delta, version: delta.to, position: unordered });
  expect(checking.ok && checking.value.checked.reset).toBe(true);
  take(holding, delta);
  expect([...holding.hashes().keys()]).toEqual(["endpoints:Service/shop/b/"]);
});
