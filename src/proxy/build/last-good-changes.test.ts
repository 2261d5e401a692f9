import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResource } from "../../model/encode.ts";
import { resourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { match, router } from "../worker/routing-case.ts";
import { CHANGES_MAGIC, encodeBatch } from "./last-good-changes.ts";
import { decodeLastGood, encodeLastGood } from "./last-good-format.ts";
import { Seal } from "./seal.ts";

const SEAL = new Seal(Buffer.alloc(32, "s"));

/** Version `edition` of a resource: those of odd numbers are certificates. */
function resource(number: number, edition: number): EncodedResource {
  if (number % 2 === 0) return encodeResource(router(`r${number}`, match("Host", `edition-${edition}.test`)));
  const secret = { kind: "Secret", namespace: "test", name: `s${number}` };
  const id = resourceId("certificate", secret);
  return encodeResource({ id, origin: secret, names: [], chainPem: "CHAIN", keyPem: `KEY-${edition}` });
}

/** One change: a resource comes in some edition, or (null) goes. */
const edit = fc.tuple(fc.nat(7), fc.option(fc.nat(3)));
const history = fc.record({ first: fc.array(edit), batches: fc.array(fc.array(edit), { maxLength: 6 }) });

type Edits = readonly (readonly [number: number, edition: number | null])[];

function changesOf(edits: Edits): Map<EncodedResource["id"], EncodedResource | null> {
  return new Map(edits.map(([number, edition]) => [resource(number, 0).id, edition === null ? null : resource(number, edition)]));
}

/** The files of a history, and what was held after the snapshot and after each batch: hashes by id. */
function written(first: Edits, batches: readonly Edits[], seal: Seal | null) {
  const held = new Map<string, string>();
  const states: string[][] = [];
  const take = (changes: ReturnType<typeof changesOf>): void => {
    for (const [id, changed] of changes) {
      held.delete(id);
      if (changed !== null && (seal !== null || !id.startsWith("certificate"))) held.set(id, hashOf(changed));
    }
    states.push([...held.values()].sort());
  };
  const start = changesOf(first);
  const snapshot = encodeLastGood(
    [...start.values()].filter((changed) => changed !== null),
    seal,
  );
  take(start);
  const parts = [CHANGES_MAGIC];
  const ends = [CHANGES_MAGIC.length];
  let link = snapshot.sum;
  for (const batch of batches.map(changesOf)) {
    const encoded = encodeBatch(batch, link, seal);
    parts.push(encoded.bytes);
    ends.push((ends.at(-1) ?? 0) + encoded.bytes.length);
    link = encoded.link;
    take(batch);
  }
  return { snapshot: Buffer.concat([...snapshot.pieces]), changes: Buffer.concat(parts), ends, states };
}

function hashOf({ hash }: EncodedResource): string {
  return Buffer.from(hash).toString("hex");
}

function readBack(snapshot: Buffer, changes: Buffer, seal: Seal | null): readonly string[] {
  const read = decodeLastGood(snapshot, seal, changes);
  if (!read.ok) throw new Error(read.error);
  return read.value.resources.map(hashOf).sort();
}

test.for([SEAL, null])("whatever the changes, what is read is what was held last", (seal) => {
  fc.assert(
    fc.property(history, ({ first, batches }) => {
      const { snapshot, changes, states } = written(first, batches, seal);
      expect(readBack(snapshot, changes, seal)).toEqual(states.at(-1));
    }),
  );
});

test("changes that are cut or damaged anywhere count up to the last whole batch before", () => {
  fc.assert(
    fc.property(history, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ first, batches }, place, flip) => {
      const { snapshot, changes, ends, states } = written(first, batches, SEAL);
      const at = place % changes.length;
      const wholeBefore = states[Math.max(0, ends.filter((end) => end <= at).length - 1)];
      expect(readBack(snapshot, changes.subarray(0, at), SEAL)).toEqual(wholeBefore);
      const damaged = Buffer.from(changes);
      damaged[at] = (damaged[at] as number) ^ flip;
      expect(readBack(snapshot, damaged, SEAL)).toEqual(wholeBefore);
    }),
  );
});

test("a certificate whose newest form cannot be opened is not served in an older one", () => {
  const { snapshot, changes } = written(
    [
      [1, 0],
      [2, 0],
    ],
    [[[1, 1]]],
    SEAL,
  );
  const read = decodeLastGood(snapshot, new Seal(Buffer.alloc(32, "t")), changes);
  expect(read.ok && [read.value.resources.map(hashOf), read.value.unopened]).toEqual([[hashOf(resource(2, 0))], 1]);
  expect(changes.includes("KEY-1")).toBe(false);
});
