import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hashResource } from "../model/encode.ts";
import type { ResourceId } from "../model/ids.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Delta } from "../model/snapshot.ts";
import { type AssembledDelta, DeltaAssembler, toChunks } from "./chunks.ts";
import { type DeltaChunk, DeltaChunkSchema } from "./gen/snapshot_pb.ts";

const position = { term: 3n, sequence: 7n, lease: "lease-1" };

function resource(name: string, bodyBytes: number): EncodedResource {
  const id = `router:IngressRoute/shop/${name}/` as ResourceId;
  const body = Buffer.alloc(bodyBytes, name);
  return { id, format: 1, hash: hashResource(id, 1, body), body };
}

function delta(upserts: readonly EncodedResource[], removals: readonly string[] = []): Delta {
  return { class: "web", from: "", to: "f".repeat(64), upserts, removals: removals as ResourceId[] };
}

/** Through the wire format and back together. */
function assemble(chunks: Iterable<DeltaChunk>, assembler = new DeltaAssembler()): AssembledDelta | null {
  let last: AssembledDelta | null = null;
  for (const chunk of chunks) {
    expect(last, "nothing comes after the commit").toBeNull();
    const added = assembler.add(fromBinary(DeltaChunkSchema, toBinary(DeltaChunkSchema, chunk)));
    if (!added.ok) throw new Error(added.error);
    last = added.value;
  }
  return last;
}

test("no chunk is larger than the limit, and together they are the delta, whatever its sizes", () => {
  const bytesMax = 2048;
  const sizes = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 20 });
  const gone = fc.array(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, gone, (upsertBytes, removals) => {
      const sent = delta(
        upsertBytes.map((bytes, index) => resource(`r${index}`, bytes)),
        removals,
      );
      const chunks = [...toChunks(sent, position, bytesMax)];
      for (const chunk of chunks) expect(toBinary(DeltaChunkSchema, chunk).length).toBeLessThanOrEqual(bytesMax);
      const whole = assemble(chunks);
      expect(whole?.version).toBe(sent.to);
      expect(whole?.position).toEqual(position);
      expect(whole?.removals).toEqual(removals);
      expect(whole?.upserts.map(({ id, format }) => ({ id, format }))).toEqual(
        sent.upserts.map(({ id, format }) => ({ id, format })),
      );
      whole?.upserts.forEach((upsert, index) => {
        expect(Buffer.compare(upsert.hash, sent.upserts[index]!.hash)).toBe(0);
        expect(Buffer.compare(upsert.body, sent.upserts[index]!.body)).toBe(0);
      });
    }),
    { numRuns: 60 },
  );
});

test("an empty delta is one chunk with the commit", () => {
  const chunks = [...toChunks(delta([]), position)];
  expect(chunks).toHaveLength(1);
  expect(assemble(chunks)).toEqual({ version: "f".repeat(64), position, upserts: [], removals: [] });
});

test("nothing comes out before the commit mark", () => {
  const chunks = [...toChunks(delta([resource("a", 900), resource("b", 900)]), position, 1500)];
  expect(chunks).toHaveLength(2);
  const assembler = new DeltaAssembler();
  expect(assembler.add(chunks[0]!)).toEqual({ ok: true, value: null });
  expect(assemble(chunks.slice(1), assembler)?.upserts).toHaveLength(2);
});

test("an assembler is empty again after a commit", () => {
  const assembler = new DeltaAssembler();
  assemble(toChunks(delta([resource("a", 10)], ["b"]), position), assembler);
  expect(assemble(toChunks(delta([resource("c", 10)]), position), assembler)?.upserts.map(({ id }) => id)).toEqual([
    "router:IngressRoute/shop/c/",
  ]);
});

test("a body that is interrupted, cut off or too large is refused", () => {
  const [first, second] = [...toChunks(delta([resource("a", 3000)]), position, 2048)];
  const interrupted = new DeltaAssembler();
  interrupted.add(first!);
  const other = [...toChunks(delta([resource("b", 10)]), position)][0]!;
  expect(interrupted.add(other)).toEqual({
    ok: false,
    error: "the body of router:IngressRoute/shop/a/ is interrupted by router:IngressRoute/shop/b/",
  });

  const cutOff = new DeltaAssembler();
  cutOff.add(first!);
  expect(cutOff.add({ ...other, upserts: [] })).toEqual({
    ok: false,
    error: "a delta ends within the body of router:IngressRoute/shop/a/",
  });

  const small = new DeltaAssembler(3000);
  small.add(first!);
  expect(small.add(second!)).toEqual({ ok: false, error: "a delta is larger than 3000 bytes" });

  const endless = new DeltaAssembler(3000);
  const removals = Array.from({ length: 20 }, () => "");
  expect(endless.add({ ...other, upserts: [], removals, commit: undefined })).toEqual({ ok: true, value: null });
  expect(endless.add({ ...other, upserts: [], removals })).toEqual({ ok: false, error: "a delta is larger than 3000 bytes" });
});
