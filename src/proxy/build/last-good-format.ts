import { fail, ok, type Result } from "../../kernel/result.ts";
import { HASH_BYTES, isIntact, SetHash } from "../../model/encode.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { applyBatches, type ReadResources } from "./last-good-changes.ts";
import { decodeRecord, encodeRecord, isKnownRecord, isWritten, recordEnd } from "./last-good-record.ts";
import type { Seal } from "./seal.ts";

/**
 * How the last good snapshot lies on disk. Numbers are little endian.
 *
 *     "fairway last good snapshot 1\n"   magic, with the number of the format
 *     u32                                number of records
 *     32 bytes                           sum of the records' hashes modulo 2^256 (so a file that is cut or mixed is known)
 *     records                            see `last-good-record.ts`
 */
const MAGIC = Buffer.from("fairway last good snapshot 1\n");
const COUNT_AT = MAGIC.length;
const SUM_AT = COUNT_AT + 4;
const RECORDS_AT = SUM_AT + HASH_BYTES;

/** Bytes of records that are joined before they are written. */
const PIECE_BYTES = 256 * 1024;

/** Resources read from disk. */
export interface LastGood {
  /** Version of what could be read: of all resources, but for certificates that were left out. */
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  /** Certificates that are in the file and could not be opened. */
  readonly unopened: number;
}

/** The bytes of a snapshot, and what changes to it are written after. */
export interface EncodedSnapshot {
  readonly sum: Uint8Array;
  /** Made piece by piece. To be read once. */
  readonly pieces: Iterable<Uint8Array>;
}

/** Encodes a snapshot. Resources are taken as they are; certificates need a seal, or are left out. */
export function encodeLastGood(resources: readonly EncodedResource[], seal: Seal | null): EncodedSnapshot {
  const written = resources.filter(({ id }) => isWritten(id, seal));
  const sum = Buffer.from(sumOf(written).hex(), "hex");
  const head = Buffer.alloc(RECORDS_AT);
  MAGIC.copy(head);
  head.writeUInt32LE(written.length, COUNT_AT);
  head.set(sum, SUM_AT);
  return { sum, pieces: piecesOf(head, written, seal) };
}

/**
 * The resources in the bytes of a snapshot and of changes to it, or what is wrong with them. Changes that were not written for this
 * snapshot count for nothing. Never throws.
 */
export function decodeLastGood(bytes: Buffer, seal: Seal | null, changes: Buffer | null = null): Result<LastGood, string> {
  const read = decodeSnapshot(bytes, seal);
  if (!read.ok) return read;
  if (changes !== null) applyBatches(changes, bytes.subarray(SUM_AT, RECORDS_AT), seal, read.value);
  const resources = [...read.value.resources.values()];
  return ok({ version: sumOf(resources).hex(), resources, unopened: read.value.unopened.size });
}

function decodeSnapshot(bytes: Buffer, seal: Seal | null): Result<ReadResources, string> {
  if (bytes.length < RECORDS_AT || !MAGIC.equals(bytes.subarray(0, MAGIC.length)))
    return fail("it does not begin as a snapshot does");
  const count = bytes.readUInt32LE(COUNT_AT);
  const sum = new SetHash();
  const resources = new Map<ResourceId, EncodedResource>();
  const unopened = new Set<ResourceId>();
  let at = RECORDS_AT;
  for (let i = 0; i < count; i++) {
    const end = recordEnd(bytes, at);
    if (end > bytes.length) return fail(`it ends within record ${i + 1} of ${count}`);
    if (!isKnownRecord(bytes, at)) return fail(`record ${i + 1} is of a kind that is not known here`);
    const { id, hash, resource } = decodeRecord(bytes, at, seal);
    sum.add(hash);
    if (resource === null) unopened.add(id);
    else if (!isIntact(resource)) return fail(`the bytes of ${id} are damaged`);
    else resources.set(id, resource);
    at = end;
  }
  if (at !== bytes.length) return fail(`${bytes.length - at} bytes follow its last record`);
  if (sum.hex() !== bytes.toString("hex", SUM_AT, RECORDS_AT)) return fail("its records are not those it was written with");
  return ok({ resources, unopened });
}

function* piecesOf(head: Buffer, resources: readonly EncodedResource[], seal: Seal | null): Generator<Uint8Array> {
  let parts: Uint8Array[] = [head];
  let bytes = head.length;
  for (const resource of resources) {
    const record = encodeRecord(resource, seal);
    parts.push(record);
    bytes += record.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

function sumOf(resources: readonly EncodedResource[]): SetHash {
  const sum = new SetHash();
  for (const { hash } of resources) sum.add(hash);
  return sum;
}
