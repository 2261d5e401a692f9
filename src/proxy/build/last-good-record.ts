import { HASH_BYTES } from "../../model/encode.ts";
import { type ResourceId, type ResourceType, resourceType } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import type { Seal } from "./seal.ts";

/**
 * How one resource lies on disk. Numbers are little endian.
 *
 *     u32 length of the id, u32 resource format, u32 length of the body, u8 flags, hash (32 bytes), id, body
 *
 * What holds secrets (certificates, and the bytes tickets are protected with) is sealed. Without a key it is not written at all.
 */
const FLAGS_AT = 12;
const HASH_AT = 13;
const RECORD_HEAD_BYTES = HASH_AT + HASH_BYTES;
const SEALED_FLAG = 1;

/** A record that was read. */
export interface StoredRecord {
  readonly id: ResourceId;
  readonly hash: Uint8Array;
  /** Null when it cannot be opened. */
  readonly resource: EncodedResource | null;
}

/** Whether a resource is written at all. */
export function isWritten(id: ResourceId, seal: Seal | null): boolean {
  return seal !== null || !holdsSecret(id);
}

/** The bytes of a resource. */
export function encodeRecord({ id, format, hash, body }: EncodedResource, seal: Seal | null): Uint8Array {
  const isSealed = seal !== null && holdsSecret(id);
  const stored = isSealed ? seal.close(body, contextOf(id, hash)) : body;
  const idBytes = Buffer.byteLength(id);
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + idBytes + stored.length);
  record.writeUInt32LE(idBytes, 0);
  record.writeUInt32LE(format, 4);
  record.writeUInt32LE(stored.length, 8);
  record[FLAGS_AT] = isSealed ? SEALED_FLAG : 0;
  record.set(hash, HASH_AT);
  record.write(id, RECORD_HEAD_BYTES);
  record.set(stored, RECORD_HEAD_BYTES + idBytes);
  return record;
}

/** Where the record that begins at `at` ends: beyond the bytes when it is not whole. */
export function recordEnd(bytes: Buffer, at: number): number {
  if (at + RECORD_HEAD_BYTES > bytes.length) return Number.POSITIVE_INFINITY;
  return at + RECORD_HEAD_BYTES + bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 8);
}

/** Whether the whole record at `at` is of a kind that is known here. */
export function isKnownRecord(bytes: Buffer, at: number): boolean {
  return bytes.readUInt8(at + FLAGS_AT) <= SEALED_FLAG;
}

/** The whole record at `at`. Its body is a view of the bytes. */
export function decodeRecord(bytes: Buffer, at: number, seal: Seal | null): StoredRecord {
  const bodyAt = at + RECORD_HEAD_BYTES + bytes.readUInt32LE(at);
  const id = bytes.toString("utf8", at + RECORD_HEAD_BYTES, bodyAt) as ResourceId;
  const format = bytes.readUInt32LE(at + 4);
  const hash = Uint8Array.from(bytes.subarray(at + HASH_AT, at + RECORD_HEAD_BYTES));
  const stored = bytes.subarray(bodyAt, bodyAt + bytes.readUInt32LE(at + 8));
  const isSealed = bytes.readUInt8(at + FLAGS_AT) === SEALED_FLAG;
  const body = isSealed ? (seal?.open(stored, contextOf(id, hash)) ?? null) : stored;
  return { id, hash, resource: body === null ? null : { id, format, hash, body } };
}

/** Binds sealed bytes to their record. */
function contextOf(id: ResourceId, hash: Uint8Array): string {
  return `${id}\n${Buffer.from(hash).toString("hex")}`;
}

function holdsSecret(id: ResourceId): boolean {
  return SECRET_TYPES.has(resourceType(id));
}

const SECRET_TYPES: ReadonlySet<string> = new Set<ResourceType>(["certificate", "ticketSecret", "serversTransport"]);
