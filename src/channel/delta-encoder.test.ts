import { expect, test } from "vitest";
import { hashResource } from "../model/encode.ts";
import type { ResourceId } from "../model/ids.ts";
import type { Delta } from "../model/snapshot.ts";
import { DeltaEncoder } from "./delta-encoder.ts";

const POSITION = { term: 3n, sequence: 7n, lease: "lease-1" };

function delta(from: string, to: string, bytes = 10, className = "web"): Delta {
  const id = "router:IngressRoute/shop/a/" as ResourceId;
  const body = Buffer.alloc(bytes, to);
  return { class: className, from, to, upserts: [{ id, format: 1, hash: hashResource(id, 1, body), body }], removals: [] };
}

function encode(encoder: DeltaEncoder, ...args: Parameters<DeltaEncoder["encodeShared"]>): readonly Uint8Array[] {
  const messages = encoder.encodeShared(...args);
  return [...{ [Symbol.iterator]: () => messages }];
}

test("proxies in step get the very same bytes, and what differs in anything is encoded anew", () => {
  const encoder = new DeltaEncoder();
  const [first] = encode(encoder, delta("1", "2"), POSITION);
  expect(encode(encoder, delta("1", "2"), POSITION)[0]).toBe(first);
  const others: Parameters<DeltaEncoder["encodeShared"]>[] = [
    [delta("0", "2"), POSITION],
    [delta("1", "3"), POSITION],
    [delta("1", "2", 10, "internal"), POSITION],
    [delta("1", "2"), { ...POSITION, term: 4n }],
    [delta("1", "2"), { ...POSITION, sequence: 8n }],
    [delta("1", "2"), { ...POSITION, lease: "lease-2" }],
  ];
  for (const other of others) {
    const [again] = encode(encoder, ...other);
    expect(again).not.toBe(first);
    expect(again).toEqual([...encoder.encode(...other)][0]);
  }
});

test("a large delta is encoded a message at a time, for each proxy as fast as it reads", () => {
  const encoder = new DeltaEncoder();
  const large = delta("1", "2", 3 << 20);
  const [first, ...rest] = encode(encoder, large, POSITION);
  expect(rest.length).toBeGreaterThan(1);
  expect(encode(encoder, large, POSITION)[0]).not.toBe(first);
});
