import { assert } from "../../kernel/assert.ts";
import {
  EMPTY_SHARD,
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
} from "../build/segment-format.ts";
import type { ShardUpdate } from "../messages.ts";

const NO_HEAD = new Uint8Array(0);

/**
 * The reading side of a segment table: immutable shards, replaced as wholes. `T` is what a reader makes of an entry; it is kept with
 * the entry and goes when the entry's shard is replaced, so it is never older than the bytes it was made of.
 */
export class SegmentReader<T> {
  readonly #shards: Shard<T>[] = new Array(SHARDS).fill(emptyShard<T>());
  /** The generation in which each shard was last replaced. */
  readonly #replacedIn = new Uint32Array(SHARDS);
  #generation = 0;

  /** Counts the calls of `replace` and `outdate`. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether what is found now in the shard of a key (see `shardOf`) was found in an earlier generation too. */
  isAsIn(generation: number, shard: number): boolean {
    return (this.#replacedIn[shard] as number) <= generation;
  }

  /** Checks shards and makes them ready for `replace`. Throws when they break the format: they come from our own build thread. */
  prepare(updates: readonly ShardUpdate[]): PreparedShard<T>[] {
    return updates.map(({ shard, bytes }) => {
      assert(shard >= 0 && shard < SHARDS, "a shard's number is within its table");
      return { shard, content: openShard<T>(bytes) };
    });
  }

  /** Puts prepared shards in place of those before. */
  replace(prepared: readonly PreparedShard<T>[]): void {
    this.#generation++;
    for (const { shard, content } of prepared) {
      this.#shards[shard] = content;
      this.#replacedIn[shard] = this.#generation;
    }
  }

  /** Has every shard count as replaced: what is made of entries follows from something else too, which has changed. */
  outdate(): void {
    this.#generation++;
    this.#replacedIn.fill(this.#generation);
  }

  /** Forgets everything that was made of entries. */
  forgetMade(): void {
    for (let i = 0; i < SHARDS; i++) {
      const shard = this.#shards[i] as Shard<T>;
      if (shard.found.length > 0) this.#shards[i] = { ...shard, found: [] };
    }
  }

  /** The entry of a key, or null. Allocates: an entry at the first hit, else nothing. */
  find(key: string): SegmentEntry<T> | null {
    return this.findJoined(hashKey(key), NO_HEAD, key, key.length);
  }

  /**
   * The entry of the key that is `head` (Latin-1) and the first `tailEnd` characters of `tail`, whose hash the caller has. Spares the
   * making of the key. Allocates: an entry at the first hit, else nothing.
   */
  findJoined(hash: number, head: Uint8Array, tail: string, tailEnd: number): SegmentEntry<T> | null {
    const shard = this.#shards[shardOf(hash)] as Shard<T>;
    const { words, slotCount } = shard;
    let slot = firstSlot(hash, slotCount);
    for (let probes = 0; probes < slotCount; probes++) {
      const at = HEADER_WORDS + 2 * slot;
      const offset = words[at + 1] as number;
      if (offset === 0) return null;
      if (words[at] === hash && hasKey(shard.bytes, words, offset, head, tail, tailEnd)) {
        return shard.found[slot] ?? keepEntry(shard, slot, offset);
      }
      slot = (slot + 1) & (slotCount - 1);
    }
    return null;
  }
}

/** One entry of a table. Keeps its whole shard in memory: not to be held for long. */
export interface SegmentEntry<T> {
  readonly bytes: Buffer;
  /** The value is `bytes[valueStart, valueEnd)`. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** 16 bytes as Latin-1 text, for comparing. */
  readonly fingerprint: string;
  /** What the reader made of it; null until then. */
  made: T | null;
}

export interface PreparedShard<T> {
  readonly shard: number;
  readonly content: Shard<T>;
}

interface Shard<T> {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly slotCount: number;
  /** Entries that were found, by slot; without length until the first one is. */
  found: (SegmentEntry<T> | undefined)[];
}

function emptyShard<T>(): Shard<T> {
  return openShard<T>(EMPTY_SHARD);
}

function openShard<T>(shared: SharedArrayBuffer): Shard<T> {
  const words = new Int32Array(shared);
  const slotCount = words[SLOT_COUNT_WORD] ?? 0;
  assert(words[MAGIC_WORD] === SHARD_MAGIC, "a shard begins with its magic number");
  assert(slotCount > 0 && (slotCount & (slotCount - 1)) === 0, "a shard's number of slots is a power of two");
  assert(HEADER_WORDS + 2 * slotCount <= words.length, "a shard holds its slots");
  return { bytes: Buffer.from(shared), words, slotCount, found: [] };
}

function keepEntry<T>(shard: Shard<T>, slot: number, offset: number): SegmentEntry<T> {
  const entry = openEntry<T>(shard, offset);
  if (shard.found.length === 0) shard.found = new Array(shard.slotCount).fill(undefined);
  shard.found[slot] = entry;
  return entry;
}

function openEntry<T>({ bytes, words }: Shard<T>, offset: number): SegmentEntry<T> {
  const valueStart = offset + KEY_AT + (words[offset >> 2] as number);
  const valueEnd = valueStart + (words[(offset + VALUE_LENGTH_AT) >> 2] as number);
  assert(valueStart <= valueEnd && valueEnd <= bytes.length, "an entry lies within its shard");
  const fingerprintAt = offset + FINGERPRINT_AT;
  const fingerprint = bytes.toString("latin1", fingerprintAt, fingerprintAt + FINGERPRINT_BYTES);
  return { bytes, valueStart, valueEnd, fingerprint, made: null };
}

/** Reading past the end gives `undefined`, which equals no character. */
function hasKey(bytes: Buffer, words: Int32Array, offset: number, head: Uint8Array, tail: string, tailEnd: number): boolean {
  const headLength = head.length;
  if (words[offset >> 2] !== headLength + tailEnd) return false;
  const at = offset + KEY_AT;
  for (let i = 0; i < headLength; i++) if (bytes[at + i] !== head[i]) return false;
  const tailAt = at + headLength;
  for (let i = 0; i < tailEnd; i++) if (bytes[tailAt + i] !== tail.charCodeAt(i)) return false;
  return true;
}
