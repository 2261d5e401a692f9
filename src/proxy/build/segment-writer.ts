import { assert } from "../../kernel/assert.ts";
import type { ShardUpdate } from "../messages.ts";
import {
  EMPTY_SHARD,
  ENTRY_COUNT_WORD,
  FINGERPRINT_AT,
  FINGERPRINT_BYTES,
  firstSlot,
  HEADER_WORDS,
  hashKey,
  KEY_AT,
  MAGIC_WORD,
  SHARD_MAGIC,
  SHARDS,
  SLOT_COUNT_WORD,
  shardOf,
  VALUE_LENGTH_AT,
} from "./segment-format.ts";

interface Entry {
  readonly hash: number;
  readonly value: Uint8Array;
  readonly fingerprint: Uint8Array;
}

interface BuiltShard {
  readonly bytes: SharedArrayBuffer;
  readonly sequence: number;
}

/** What entries get that need no fingerprint. */
const NO_FINGERPRINT = new Uint8Array(FINGERPRINT_BYTES);

/**
 * The writing side of a segment table. Keys are Latin-1 (in practice ASCII); values and fingerprints are kept, not copied, and must
 * not change afterwards.
 *
 * `build` makes the shards that changed; a shard is handed out again with every later `build` until `settle` says that the
 * generation it came with is live, so that a generation that was given up leaves no gap.
 */
export class SegmentWriter {
  readonly #shards: (Map<string, Entry> | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly #dirty = new Set<number>();
  readonly #unsettled = new Map<number, BuiltShard>();
  #size = 0;

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Adds or replaces an entry. What is there already in the same form changes nothing. `fingerprint`: 16 bytes. */
  set(key: string, value: Uint8Array, fingerprint: Uint8Array = NO_FINGERPRINT): void {
    assert(fingerprint.length === FINGERPRINT_BYTES, "a fingerprint has 16 bytes");
    const hash = hashKey(key);
    const shard = shardOf(hash);
    const entries = this.#shards[shard] ?? new Map<string, Entry>();
    this.#shards[shard] = entries;
    const before = entries.get(key);
    if (before !== undefined && isSame(before.value, value) && isSame(before.fingerprint, fingerprint)) return;
    if (before === undefined) this.#size++;
    entries.set(key, { hash, value, fingerprint });
    this.#dirty.add(shard);
  }

  /** Removes an entry; one that is not there changes nothing. */
  delete(key: string): void {
    const shard = shardOf(hashKey(key));
    if (this.#shards[shard]?.delete(key) !== true) return;
    this.#size--;
    this.#dirty.add(shard);
  }

  /** All shards that changed since the newest settled generation. */
  build(sequence: number): ShardUpdate[] {
    for (const shard of this.#dirty) {
      this.#unsettled.set(shard, { bytes: buildShard(this.#shards[shard]), sequence });
    }
    this.#dirty.clear();
    return [...this.#unsettled].map(([shard, { bytes }]) => ({ shard, bytes }));
  }

  /** The generation with this sequence is live everywhere: its shards need not be handed out again. */
  settle(sequence: number): void {
    for (const [shard, built] of this.#unsettled) {
      if (built.sequence <= sequence) this.#unsettled.delete(shard);
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || Buffer.compare(a, b) === 0;
}

function buildShard(entries: ReadonlyMap<string, Entry> | undefined): SharedArrayBuffer {
  if (entries === undefined || entries.size === 0) return EMPTY_SHARD;
  const slotCount = slotsFor(entries.size);
  const entriesAt = (HEADER_WORDS + 2 * slotCount) * 4;
  let length = entriesAt;
  for (const [key, entry] of entries) length += entryBytes(key, entry);
  const bytes = new SharedArrayBuffer(length);
  const words = new Int32Array(bytes);
  words[MAGIC_WORD] = SHARD_MAGIC;
  words[SLOT_COUNT_WORD] = slotCount;
  words[ENTRY_COUNT_WORD] = entries.size;
  const buffer = Buffer.from(bytes);
  let offset = entriesAt;
  for (const [key, entry] of entries) {
    claimSlot(words, slotCount, entry.hash, offset);
    writeEntry(buffer, words, offset, key, entry);
    offset += entryBytes(key, entry);
  }
  return bytes;
}

/** At most half of the slots are taken, so that every search soon meets an empty one. */
function slotsFor(entryCount: number): number {
  return 2 ** Math.ceil(Math.log2(entryCount * 2));
}

function entryBytes(key: string, entry: Entry): number {
  return (KEY_AT + key.length + entry.value.length + 3) & ~3;
}

function claimSlot(words: Int32Array, slotCount: number, hash: number, offset: number): void {
  let slot = firstSlot(hash, slotCount);
  while (words[HEADER_WORDS + 2 * slot + 1] !== 0) slot = (slot + 1) & (slotCount - 1);
  words[HEADER_WORDS + 2 * slot] = hash;
  words[HEADER_WORDS + 2 * slot + 1] = offset;
}

function writeEntry(buffer: Buffer, words: Int32Array, offset: number, key: string, entry: Entry): void {
  words[offset / 4] = key.length;
  words[(offset + VALUE_LENGTH_AT) / 4] = entry.value.length;
  buffer.set(entry.fingerprint, offset + FINGERPRINT_AT);
  buffer.write(key, offset + KEY_AT, "latin1");
  buffer.set(entry.value, offset + KEY_AT + key.length);
}
