import { fail, ok, type Result } from "../../kernel/result.ts";
import { HASH_BYTES, isIntact, SetHash } from "../../model/encode.ts";
import { type ResourceId, type ResourceType, resourceType } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import type { Seal } from "./seal.ts";

/**
 * How the last good snapshot lies on disk. Numbers are little endian.
 *
 *     "fairway last good snapshot 1\n"   magic, with the number of the format
 *     u32                                number of records
 *     32 bytes                           sum of the records' hashes modulo 2^256 (so a file that is cut or mixed is known)
 *     records                            u32 length of the id, u32 resource format, u32 length of the body, u8 flags,
 *                                        hash (32 bytes), id, body
 *
 * What holds secrets (certificates, and the bytes tickets are protected with) is sealed. Without a key it is not written at all.
 */
const MAGIC = Buffer.from("fairway last good snapshot 1\n");
const COUNT_AT = MAGIC.length;
const SUM_AT = COUNT_AT + 4;
const RECORDS_AT = SUM_AT + HASH_BYTES;
const RECORD_HEAD_BYTES = 13 + HASH_BYTES;
const SEALED_FLAG = 1;

/** Resources read from disk. */
export interface LastGood {
  /** Version of what could be read: of all resources, but for certificates that were left out. */
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  /** Certificates that are in the file and could not be opened. */
  readonly unopened: number;
}

/** The bytes of a snapshot, in pieces. Resources are taken as they are; certificates need a seal, or are left out. */
export function encodeLastGood(resources: readonly EncodedResource[], seal: Seal | null): Uint8Array[] {
  const written = seal === null ? resources.filter((resource) => !holdsSecret(resource)) : resources;
  const sum = new SetHash();
  for (const resource of written) sum.add(resource.hash);
  const head = Buffer.alloc(RECORDS_AT);
  MAGIC.copy(head);
  head.writeUInt32LE(written.length, COUNT_AT);
  head.write(sum.hex(), SUM_AT, "hex");
  return [head, ...written.flatMap((resource) => encodeRecord(resource, seal))];
}

/** The resources in the bytes of a snapshot, or what is wrong with them. Never throws. */
export function decodeLastGood(bytes: Buffer, seal: Seal | null): Result<LastGood, string> {
  if (bytes.length < RECORDS_AT || !MAGIC.equals(bytes.subarray(0, MAGIC.length)))
    return fail("it does not begin as a snapshot does");
  const count = bytes.readUInt32LE(COUNT_AT);
  const [written, opened] = [new SetHash(), new SetHash()];
  const resources: EncodedResource[] = [];
  let at = RECORDS_AT;
  for (let i = 0; i < count; i++) {
    const end = recordEnd(bytes, at);
    if (end > bytes.length) return fail(`it ends within record ${i + 1} of ${count}`);
    if (bytes.readUInt8(at + 12) > SEALED_FLAG) return fail(`record ${i + 1} is of a kind that is not known here`);
    const hash = Uint8Array.from(bytes.subarray(at + 13, at + RECORD_HEAD_BYTES));
    written.add(hash);
    const resource = decodeRecord(bytes, at, end, hash, seal);
    if (resource !== null && !isIntact(resource)) return fail(`the bytes of ${resource.id} are damaged`);
    if (resource !== null) {
      resources.push(resource);
      opened.add(hash);
    }
    at = end;
  }
  if (at !== bytes.length) return fail(`${bytes.length - at} bytes follow its last record`);
  if (written.hex() !== bytes.toString("hex", SUM_AT, RECORDS_AT)) return fail("its records are not those it was written with");
  return ok({ version: opened.hex(), resources, unopened: count - resources.length });
}

function encodeRecord({ id, format, hash, body }: EncodedResource, seal: Seal | null): Uint8Array[] {
  const isSealed = seal !== null && SECRET_TYPES.has(resourceType(id));
  const stored = isSealed ? seal.close(body, contextOf(id, hash)) : body;
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  const idBytes = Buffer.from(id);
  head.writeUInt32LE(idBytes.length, 0);
  head.writeUInt32LE(format, 4);
  head.writeUInt32LE(stored.length, 8);
  head[12] = isSealed ? SEALED_FLAG : 0;
  head.set(hash, 13);
  return [head, idBytes, stored];
}

function recordEnd(bytes: Buffer, at: number): number {
  if (at + RECORD_HEAD_BYTES > bytes.length) return Number.POSITIVE_INFINITY;
  return at + RECORD_HEAD_BYTES + bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 8);
}

/** Null for a sealed record that cannot be opened. */
function decodeRecord(bytes: Buffer, at: number, end: number, hash: Uint8Array, seal: Seal | null): EncodedResource | null {
  const bodyAt = at + RECORD_HEAD_BYTES + bytes.readUInt32LE(at);
  const id = bytes.toString("utf8", at + RECORD_HEAD_BYTES, bodyAt) as ResourceId;
  const format = bytes.readUInt32LE(at + 4);
  const stored = bytes.subarray(bodyAt, end);
  if (bytes.readUInt8(at + 12) !== SEALED_FLAG) return { id, format, hash, body: stored };
  const body = seal?.open(stored, contextOf(id, hash)) ?? null;
  return body === null ? null : { id, format, hash, body };
}

/** Binds sealed bytes to their record. */
function contextOf(id: ResourceId, hash: Uint8Array): string {
  return `${id}\n${Buffer.from(hash).toString("hex")}`;
}

function holdsSecret({ id }: EncodedResource): boolean {
  return SECRET_TYPES.has(resourceType(id));
}

const SECRET_TYPES: ReadonlySet<string> = new Set<ResourceType>(["certificate", "ticketSecret"]);
