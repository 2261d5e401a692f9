import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

test("bytes come out as they went in, however they are appended and consumed", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.nat({ max: 4_000 }))), (steps) => {
      const queue = new ByteQueue();
      let expected = Buffer.alloc(0);
      for (const [bytes, consumed] of steps) {
        queue.append(bytes, 0, bytes.length);
        expected = Buffer.concat([expected, bytes]);
        expect(queue.bytes.subarray(queue.start, queue.end).equals(expected)).toBe(true);
        const taken = Math.min(consumed, queue.length);
        queue.consumeTo(queue.start + taken);
        expected = expected.subarray(taken);
        expect(queue.length).toBe(expected.length);
      }
    }),
  );
});

test("an empty queue holds no memory", () => {
  const queue = new ByteQueue();
  queue.append(Buffer.alloc(100_000), 0, 100_000);
  queue.consumeTo(queue.end);
  expect(queue.bytes.length).toBe(0);
});
