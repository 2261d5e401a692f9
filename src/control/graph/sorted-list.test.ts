import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedList } from "./sorted-list.ts";

interface Item {
  readonly value: number;
}

test("whatever came and went, in few steps or many, the list is what sorting gives", () => {
  const item = fc.record({ value: fc.nat(9) });
  const steps = fc.array(fc.record({ come: fc.array(item, { maxLength: 100 }), go: fc.array(fc.nat(), { maxLength: 100 }) }));
  fc.assert(
    fc.property(steps, fc.nat(10), (all, bound) => {
      const list = new SortedList<Item>((a, b) => a.value - b.value);
      const held = new Set<Item>();
      for (const { come, go } of all) {
        for (const one of come) list.add(one);
        for (const one of come) held.add(one);
        for (const index of go) {
          const gone = [...held][index % Math.max(1, held.size)];
          if (gone === undefined) continue;
          list.delete(gone);
          held.delete(gone);
        }
        const behind = [...list.from(list.position(({ value }) => value - bound))];
        expect(list.size).toBe(held.size);
        expect(new Set(behind)).toEqual(new Set([...held].filter(({ value }) => value >= bound)));
        expect(behind.map(({ value }) => value)).toEqual(behind.map(({ value }) => value).sort());
      }
    }),
    { numRuns: 50 },
  );
});
