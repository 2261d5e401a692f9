import { hash } from "node:crypto";
import type { ResourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { decodeRecord, encodeRecord, isWritten, recordEnd } from "./last-good-record.ts";
import type { Seal } from "./seal.ts";

/**
 * How changes to the last good snapshot lie on disk, in a file beside it. Numbers are little endian.
 *
 *     "fairway changes to the last good snapshot 1\n"
 *     batches     u32 length of the records, u32 length of the removals, link (32 bytes), records (as in the snapshot),
 *                 removals (ids, a newline after each)
 *
 * A link is the SHA-256 of the link before it (of the snapshot's sum, for the first) and of all else that is in its batch. So a batch
 * is read after those it was written after, and on the snapshot they were written for, or not at all: what a crash cut off, or left
 * from a snapshot before, counts for nothing.
 */
export const CHANGES_MAGIC: Buffer = Buffer.from("fairway changes to the last good snapshot 1\n");
const LINK_BYTES = 32;
const LINK_AT = 8;
const BATCH_HEAD_BYTES = LINK_AT + LINK_BYTES;

/** What became of resources: null for one that is gone. */
export type Changes = Iterable<readonly [ResourceId, EncodedResource | null]>;

/** Resources that were read. */
export interface ReadResources {
  readonly resources: Map<ResourceId, EncodedResource>;
  /** Those whose newest form is there and cannot be opened. */
  readonly unopened: Set<ResourceId>;
}

/** A batch, and its link: what the next one is to be written after. */
export interface Batch {
  readonly bytes: Buffer;
  readonly link: Buffer;
}

/** The batch that stands for some changes. What is not to be written without a seal is left out, and what stood in its place is gone. */
export function encodeBatch(changes: Changes, before: Uint8Array, seal: Seal | null): Batch {
  const records: Uint8Array[] = [];
  let removals = "";
  for (const [id, resource] of changes) {
    if (resource !== null && isWritten(id, seal)) records.push(encodeRecord(resource, seal));
    else removals += `${id}\n`;
  }
  const content = Buffer.concat([...records, Buffer.from(removals)]);
  const head = Buffer.alloc(BATCH_HEAD_BYTES);
  const removalBytes = Buffer.byteLength(removals);
  head.writeUInt32LE(content.length - removalBytes, 0);
  head.writeUInt32LE(removalBytes, 4);
  const link = linkOf(before, head, content);
  head.set(link, LINK_AT);
  return { bytes: Buffer.concat([head, content]), link };
}

/** Applies the batches that follow from a snapshot's sum to what was read of it. */
export function applyBatches(bytes: Buffer, sum: Uint8Array, seal: Seal | null, read: ReadResources): void {
  if (!CHANGES_MAGIC.equals(bytes.subarray(0, CHANGES_MAGIC.length))) return;
  let before = sum;
  let at = CHANGES_MAGIC.length;
  while (at + BATCH_HEAD_BYTES <= bytes.length) {
    const head = bytes.subarray(at, at + BATCH_HEAD_BYTES);
    const removalsAt = at + BATCH_HEAD_BYTES + head.readUInt32LE(0);
    const end = removalsAt + head.readUInt32LE(4);
    const link = head.subarray(LINK_AT);
    if (end > bytes.length || !linkOf(before, head, bytes.subarray(at + BATCH_HEAD_BYTES, end)).equals(link)) return;
    applyRecords(bytes, at + BATCH_HEAD_BYTES, removalsAt, seal, read);
    for (const id of bytes.toString("utf8", removalsAt, end).split("\n").slice(0, -1)) {
      read.resources.delete(id as ResourceId);
      read.unopened.delete(id as ResourceId);
    }
    before = link;
    at = end;
  }
}

function applyRecords(bytes: Buffer, from: number, to: number, seal: Seal | null, { resources, unopened }: ReadResources): void {
  for (let at = from; at < to; at = recordEnd(bytes, at)) {
    const { id, resource } = decodeRecord(bytes, at, seal);
    resources.delete(id);
    unopened.delete(id);
    if (resource === null) unopened.add(id);
    else resources.set(id, resource);
  }
}

function linkOf(before: Uint8Array, head: Buffer, content: Buffer): Buffer {
  return hash("sha256", Buffer.concat([before, head.subarray(0, LINK_AT), content]), "buffer");
}
