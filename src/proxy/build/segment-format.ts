/**
 * The layout of a segment table: a hash table that the build thread writes and all workers read without copying.
 *
 * A table is split into `SHARDS` shards, each an immutable SharedArrayBuffer that is replaced as a whole. Small shards keep the copy
 * of one change small. In 32-bit words of the machine's order:
 *
 *     header   magic, number of slots (a power of two), number of entries, 0
 *     slots    hash, offset of the entry in bytes (0: empty slot); linear probing from the hash's upper bits
 *     entries  key length, value length, fingerprint (16 bytes), key (Latin-1), value; padded to a word
 */

/** Shards of one table. Must be a power of two. */
export const SHARDS = 1024;
/** Bits of a hash that choose the shard; the rest choose the slot. */
export const SHARD_BITS = Math.log2(SHARDS);

export const SHARD_MAGIC = 0x46575332;
export const MAGIC_WORD = 0;
export const SLOT_COUNT_WORD = 1;
export const ENTRY_COUNT_WORD = 2;
export const HEADER_WORDS = 4;

/** Where fields of an entry are, from its offset, in bytes. */
export const VALUE_LENGTH_AT = 4;
export const FINGERPRINT_AT = 8;
export const FINGERPRINT_BYTES = 16;
export const KEY_AT = FINGERPRINT_AT + FINGERPRINT_BYTES;

/** What a shard without entries is: one slot, and that is empty. */
export const EMPTY_SHARD: SharedArrayBuffer = emptyShard();

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Hash state of the empty key. A hash is `finishHash(hashText(START, key, 0, key.length))`; a key can be hashed in several steps. */
export const HASH_START = FNV_OFFSET;

/** Goes on with the characters `[from, to)` of `text` (FNV-1a on code units). Allocates: nothing. */
export function hashText(state: number, text: string, from: number, to: number): number {
  let hash = state;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** Spreads a hash state over all 32 bits, since low bits choose the shard and high bits the slot (the finalizer of MurmurHash3). */
export function finishHash(state: number): number {
  let hash = state;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The hash of a whole key, as a signed 32-bit number. */
export function hashKey(key: string): number {
  return finishHash(hashText(HASH_START, key, 0, key.length));
}

/** The shard a hash belongs to. */
export function shardOf(hash: number): number {
  return hash & (SHARDS - 1);
}

/** The slot at which the search for a hash begins, in a shard of `slotCount` slots. */
export function firstSlot(hash: number, slotCount: number): number {
  return (hash >>> SHARD_BITS) & (slotCount - 1);
}

function emptyShard(): SharedArrayBuffer {
  const bytes = new SharedArrayBuffer((HEADER_WORDS + 2) * 4);
  const words = new Int32Array(bytes);
  words[MAGIC_WORD] = SHARD_MAGIC;
  words[SLOT_COUNT_WORD] = 1;
  return bytes;
}
