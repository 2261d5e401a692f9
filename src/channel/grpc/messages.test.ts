import fc from "fast-check";
import { expect, test } from "vitest";
import { BadMessage, lengthPrefixed, MessageReader } from "./messages.ts";
import { Status } from "./status.ts";

test("messages come out as they went in, in whatever pieces they arrive", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(lengthPrefixed));
      const reader = new MessageReader(40);
      const read: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        read.push(...reader.read(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(read.map((message) => [...message])).toEqual(sent.map((message) => [...message]));
    }),
  );
});

test("a message has bytes of its own, so that a buffer that is used again does not change it", () => {
  const piece = lengthPrefixed(Buffer.from("abc"));
  const [message] = new MessageReader(10).read(piece);
  piece.fill(0);
  expect(Buffer.from(message!).toString()).toBe("abc");
  expect(message?.buffer.byteLength).toBe(3);
});

test("a message that is too large, or compressed, is refused before it is read", () => {
  const reading = (prefix: readonly number[]) => () => new MessageReader(10).read(Uint8Array.from(prefix));
  expect(reading([0, 0, 0, 0, 11])).toThrow(
    new BadMessage("a message of 11 bytes, where 10 are taken", Status.RESOURCE_EXHAUSTED),
  );
  expect(reading([0, 255, 255, 255, 255])).toThrow(BadMessage);
  expect(reading([1, 0, 0, 0, 3])).toThrow(
    new BadMessage("a message is compressed, which was not agreed on", Status.UNIMPLEMENTED),
  );
});
