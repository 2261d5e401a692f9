import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { expect, test } from "vitest";
import { clearTallyRow, newTally, REFUSED, SharedTally, TALLY_KEYS_MAX, UNCOUNTED } from "./shared-tally.ts";

test("whatever comes and goes on several workers, a key never has more than it may, and never less than it has", () => {
  const step = fc.record({ row: fc.nat(2), key: fc.constantFrom("a", "b", "c"), isEntry: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const buffer = newTally(3);
      const rows = [0, 1, 2].map((row) => new SharedTally(buffer, row));
      const held: { row: number; key: string; place: number }[] = [];
      for (const { row, key, isEntry } of steps) {
        const tally = rows[row] as SharedTally;
        if (isEntry) {
          const place = tally.enter(key, 2);
          const had = held.filter((one) => one.key === key).length;
          expect(place === REFUSED).toBe(had === 2);
          if (place >= 0) held.push({ row, key, place });
        } else {
          const at = held.findIndex((one) => one.row === row && one.key === key);
          const [gone] = at < 0 ? [] : held.splice(at, 1);
          if (gone !== undefined) tally.leave(gone.place);
        }
      }
    }),
  );
});

test("a worker that ended has nothing any more, and the others keep what they have", () => {
  const buffer = newTally(2);
  const [dead, alive] = [new SharedTally(buffer, 0), new SharedTally(buffer, 1)];
  dead.enter("a", 3);
  dead.enter("a", 3);
  alive.enter("a", 3);
  expect(alive.enter("a", 3)).toBe(REFUSED);
  clearTallyRow(buffer, 0);
  expect([alive.enter("a", 3), alive.enter("a", 3)].every((place) => place >= 0)).toBe(true);
  expect(alive.enter("a", 3)).toBe(REFUSED);
});

test("keys that have gone make room; where all places are held, one comes in uncounted", () => {
  const tally = new SharedTally(newTally(1), 0);
  for (let key = 0; key < 4 * TALLY_KEYS_MAX; key++) tally.leave(tally.enter(`gone ${key}`, 1));
  const places = Array.from({ length: 2 * TALLY_KEYS_MAX }, (_, key) => tally.enter(`held ${key}`, 1));
  const counted = places.filter((place) => place >= 0);
  expect(new Set(counted).size).toBe(counted.length);
  expect(counted.length).toBeGreaterThan(0.9 * TALLY_KEYS_MAX);
  expect(places).not.toContain(REFUSED);
  expect(places).toContain(UNCOUNTED);
});

test("threads that press in at once never exceed the bound, and leave nothing behind", async () => {
  const buffer = newTally(4);
  const url = JSON.stringify(new URL("./shared-tally.ts", import.meta.url).href);
  const source = `import(${url}).then(({ SharedTally }) => {
    const { workerData: { buffer, row, inside }, parentPort } = require("node:worker_threads");
    const tally = new SharedTally(buffer, row);
    let [entered, most] = [0, 0];
    for (let turn = 0; turn < 50_000; turn++) {
      const place = tally.enter("a", 2);
      if (place < 0) continue;
      entered++;
      most = Math.max(most, Atomics.add(inside, 0, 1) + 1);
      Atomics.sub(inside, 0, 1);
      tally.leave(place);
    }
    parentPort.postMessage({ entered, most });
  });`;
  const inside = new Int32Array(new SharedArrayBuffer(4));
  const threads = await Promise.all(
    [0, 1, 2].map((row) => {
      const worker = new Worker(source, { eval: true, workerData: { buffer, row, inside } });
      return new Promise<{ readonly entered: number; readonly most: number }>((resolve, reject) =>
        worker.once("message", resolve).once("error", reject),
      );
    }),
  );
  expect(Math.min(...threads.map(({ entered }) => entered))).toBeGreaterThan(0);
  expect(Math.max(...threads.map(({ most }) => most))).toBeLessThanOrEqual(2);
  const after = new SharedTally(buffer, 3);
  expect([after.enter("a", 2) >= 0, after.enter("a", 2) >= 0, after.enter("a", 2)]).toEqual([true, true, REFUSED]);
});
