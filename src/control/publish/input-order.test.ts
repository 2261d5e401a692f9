import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits } from "../../../test/compile/world-edits.ts";
import { DEV_SETTINGS } from "../../../test/golden/world.ts";
import { Compiler } from "../graph/compiler.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { EVERY_CLASS } from "../translate/settings.ts";
import { Publisher } from "./publisher.ts";

/** Classes are left out: one whose settings are refused keeps those it had, which is an input of its own. */
function objectsOf(store: ObjectStore): readonly StoredObject[] {
  return store.kinds().flatMap((kind) => (kind.endsWith("Class") ? [] : [...store.list(kind)]));
}

/** The same value with the members of every object the other way round. */
function turned<T>(value: T): T {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(turned) as T;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, turned(member)]),
  ) as T;
}

/** What objects come to that arrive in this order, some before the first run and the rest one run after the other. */
function published(objects: readonly StoredObject[], atFirst: number) {
  const [store, compiler, publisher] = [new ObjectStore(), new Compiler(DEV_SETTINGS), new Publisher()];
  for (const object of objects.slice(0, atFirst)) store.apply(object);
  store.takeChanges();
  publisher.publish(compiler.update(store, "all").changes);
  for (const object of objects.slice(atFirst)) {
    store.apply(object);
    publisher.publish(compiler.update(store, store.takeChanges()).changes);
  }
  const snapshot = publisher.current(EVERY_CLASS);
  const bodies = [...(snapshot?.resources.values() ?? [])].map(({ id, body }) => [id, Buffer.from(body).toString()] as const);
  const graph = compiler.graph(EVERY_CLASS);
  return { version: snapshot?.version, bodies: new Map(bodies.sort(([a], [b]) => (a < b ? -1 : 1))), problems: graph?.problems };
}

test("the bytes of a snapshot, and what there is to tell, do not depend on the order objects come in", () => {
  let resources = 0;
  fc.assert(
    fc.property(
      fc.array(edits, { minLength: 40, maxLength: 80 }),
      fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
      fc.nat(20),
      (all, keys, split) => {
        const store = new ObjectStore();
        applyEdits(store, all);
        const objects = objectsOf(store);
        const keyed = objects.map((object, index) => [(keys[index % 20] as number) % (index + 3), turned(object)] as const);
        const mixed = keyed.sort(([a], [b]) => b - a).map(([, object]) => object);
        const straight = published(objects, objects.length);
        expect(published(mixed, mixed.length)).toEqual(straight);
        expect(published(mixed, split)).toEqual(straight);
        resources += straight.bodies.size;
      },
    ),
    { numRuns: 100 },
  );
  expect(resources).toBeGreaterThan(500);
});
