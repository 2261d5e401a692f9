import fc from "fast-check";
import { expect, test } from "vitest";
import { FINGERPRINT_BYTES, finishHash, HASH_START, hashText } from "../build/segment-format.ts";
import { SegmentWriter } from "../build/segment-writer.ts";
import type { ShardUpdate } from "../messages.ts";
import { SegmentReader } from "./segment-reader.ts";

type Made = string;

function valueUnder(reader: SegmentReader<Made>, key: string): string | null {
  const entry = reader.find(key);
  return entry === null ? null : entry.bytes.toString("latin1", entry.valueStart, entry.valueEnd);
}

function take(reader: SegmentReader<Made>, updates: readonly ShardUpdate[]): void {
  reader.replace(reader.prepare(updates));
}

function fingerprint(text: string): Uint8Array {
  return Buffer.alloc(FINGERPRINT_BYTES, text);
}

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "/", "\0", "~"), maxLength: 6 }),
  fc.string({ unit: "binary-ascii", maxLength: 40 }),
);
const edit = fc.oneof(
  fc.record({ key, value: fc.string({ unit: "binary-ascii", maxLength: 60 }) }),
  fc.record({ key, value: fc.constant(null) }),
);

test("a table that is written and read in steps equals a map, whatever the edits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(edit, { maxLength: 60 }), { maxLength: 8 }),
      fc.array(key, { maxLength: 20 }),
      (steps, absent) => {
        const writer = new SegmentWriter();
        const reader = new SegmentReader<Made>();
        const map = new Map<string, string>();
        for (const [sequence, edits] of steps.entries()) {
          for (const { key, value } of edits) {
            if (value === null) {
              map.delete(key);
              writer.delete(key);
            } else {
              map.set(key, value);
              writer.set(key, Buffer.from(value, "latin1"), fingerprint(value || "-"));
            }
          }
          take(reader, writer.build(sequence));
          writer.settle(sequence);
          expect(writer.size).toBe(map.size);
          for (const key of [...edits.map((one) => one.key), ...absent]) {
            expect(valueUnder(reader, key)).toBe(map.get(key) ?? null);
          }
        }
        for (const [key, value] of map) {
          expect(valueUnder(reader, key)).toBe(value);
          expect(reader.find(key)?.fingerprint).toBe(Buffer.from(fingerprint(value || "-")).toString("latin1"));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("a thousand entries in one shard are all found", () => {
  const writer = new SegmentWriter();
  const reader = new SegmentReader<Made>();
  const keys = Array.from({ length: 20_000 }, (_, i) => `key-${i}`);
  for (const key of keys) writer.set(key, Buffer.from(`value of ${key}`));
  take(reader, writer.build(1));
  for (const key of keys) expect(valueUnder(reader, key)).toBe(`value of ${key}`);
  expect(valueUnder(reader, "key-20000")).toBe(null);
});

test("a key is found by its parts without being joined", () => {
  const writer = new SegmentWriter();
  const reader = new SegmentReader<Made>();
  writer.set("p\0shop.test\0/api", Buffer.from("bucket"));
  take(reader, writer.build(1));
  const head = "p\0shop.test\0";
  const path = "/api/cart";
  const find = (end: number) => {
    const hash = finishHash(hashText(hashText(HASH_START, head, 0, head.length), path, 0, end));
    return reader.findJoined(hash, Buffer.from(head, "latin1"), path, end);
  };
  expect(find(4)).not.toBe(null);
  expect(find(3)).toBe(null);
  expect(find(5)).toBe(null);
});

test("only what changed since the last settled generation is handed out", () => {
  const writer = new SegmentWriter();
  writer.set("a", Buffer.from("1"));
  writer.set("b", Buffer.from("1"));
  expect(writer.build(1)).toHaveLength(2);
  writer.settle(1);
  writer.set("a", Buffer.from("1"));
  writer.delete("c");
  expect(writer.build(2)).toEqual([]);
  writer.set("a", Buffer.from("2"));
  const forgotten = writer.build(3);
  expect(forgotten).toHaveLength(1);
  writer.set("b", Buffer.from("2"));
  expect(writer.build(4).map((update) => update.shard)).toContain(forgotten[0]?.shard);
  writer.settle(3);
  expect(writer.build(5)).toHaveLength(1);
  writer.settle(5);
  expect(writer.build(6)).toEqual([]);
});

test("what was made of an entry stays until the shard is replaced", () => {
  const writer = new SegmentWriter();
  const reader = new SegmentReader<Made>();
  writer.set("a", Buffer.from("1"));
  writer.set("b", Buffer.from("1"));
  take(reader, writer.build(1));
  writer.settle(1);
  const [a, b] = [reader.find("a"), reader.find("b")];
  if (a === null || b === null) throw new Error("both are there");
  a.made = "made of 1";
  b.made = "made of 1";
  writer.set("a", Buffer.from("2"));
  take(reader, writer.build(2));
  expect(reader.find("a")?.made).toBe(null);
  expect(reader.find("b")).toBe(b);
  reader.forgetMade();
  expect(reader.find("b")?.made).toBe(null);
});

test("bytes that are no shard are refused before they are used", () => {
  const reader = new SegmentReader<Made>();
  const shard = (words: number[]) => {
    const bytes = new SharedArrayBuffer(words.length * 4);
    new Int32Array(bytes).set(words);
    return [{ shard: 0, bytes }];
  };
  const magic = 0x46575332;
  expect(() => reader.prepare(shard([]))).toThrow("magic");
  expect(() => reader.prepare(shard([1, 1, 0, 0, 0, 0]))).toThrow("magic");
  expect(() => reader.prepare(shard([magic, 3, 0, 0, 0, 0, 0, 0, 0, 0]))).toThrow("power of two");
  expect(() => reader.prepare(shard([magic, 0, 0, 0]))).toThrow("power of two");
  expect(() => reader.prepare(shard([magic, 2, 0, 0, 0, 0]))).toThrow("holds its slots");
  expect(() => reader.prepare([{ shard: 1024, bytes: new SharedArrayBuffer(0) }])).toThrow("within its table");
  const good = new SegmentWriter();
  good.set("a", Buffer.from("1"));
  const update = good.build(1)[0] as ShardUpdate;
  const words = new Int32Array(update.bytes);
  const offset = words.findIndex((_, i) => i >= 4 && i % 2 === 1 && words[i] !== 0);
  words[((words[offset] as number) + 4) / 4] = 1 << 20;
  take(reader, [update]);
  expect(() => reader.find("a")).toThrow("within its shard");
});
