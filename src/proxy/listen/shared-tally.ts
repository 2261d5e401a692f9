import { randomFillSync } from "node:crypto";

/** Keys that can be counted at a time. */
export const TALLY_KEYS_MAX = 16_384;

/** Places a key may stand in, from that of its hash on. */
const WINDOW = 16;
/** Times a key is looked for again when its place was given away meanwhile. */
const RETRIES_MAX = 3;
const SEED_WORDS = 2;

/** Nobody may come in: the key has as many as it may have. */
export const REFUSED = -1;
/** Let in without being counted: there was no place for the key. */
export const UNCOUNTED = -2;

/** Memory for a tally of so many rows, one a worker; the seed keeps clients from choosing keys that share a place. */
export function newTally(rows: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer((SEED_WORDS + TALLY_KEYS_MAX * (rows + 1)) * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(buffer, 0, SEED_WORDS).set(randomFillSync(new Int32Array(SEED_WORDS)));
  return buffer;
}

/** A worker that ended counts no more. Called by the supervisor, when nobody writes the row any longer. */
export function clearTallyRow(buffer: SharedArrayBuffer, row: number): void {
  const cells = new Int32Array(buffer);
  const start = SEED_WORDS + TALLY_KEYS_MAX * (row + 1);
  for (let place = start; place < start + TALLY_KEYS_MAX; place++) Atomics.store(cells, place, 0);
}

/**
 * How many of something each key has at a time, over all workers: a table in shared memory, without locks. Each worker counts in a row of
 * its own, so that its share can be taken out when it dies; the sum is what counts.
 *
 * It errs in races alone, and on the safe side but for one: a key that two workers bring in for the first time in the same moment may
 * be counted in two places until one of them is empty. Eviction: a key without any gives its place to the next that wants it.
 */
export class SharedTally {
  readonly #cells: Int32Array;
  readonly #rows: number;
  readonly #own: number;

  constructor(buffer: SharedArrayBuffer, row: number) {
    this.#cells = new Int32Array(buffer);
    this.#rows = (this.#cells.length - SEED_WORDS) / TALLY_KEYS_MAX - 1;
    this.#own = rowStart(row);
  }

  /** One more of a key that may have `most`. The place to give back with `leave`, `REFUSED`, or `UNCOUNTED`. Allocates: nothing. */
  enter(key: string, most: number): number {
    const cells = this.#cells;
    const start = hash(key, cells[0] as number) & (TALLY_KEYS_MAX - 1);
    // 0 is no key.
    const print = hash(key, cells[1] as number) | 1;
    for (let retry = 0; retry < RETRIES_MAX; retry++) {
      const place = this.#find(start, print);
      if (place === UNCOUNTED) return UNCOUNTED;
      Atomics.add(cells, this.#own + place, 1);
      const isStill = Atomics.load(cells, SEED_WORDS + place) === print;
      if (isStill && this.#sum(place) <= most) return place;
      this.leave(place);
      if (isStill) return REFUSED;
    }
    return UNCOUNTED;
  }

  /** One less, at a place that `enter` gave. */
  leave(place: number): void {
    if (place >= 0) Atomics.sub(this.#cells, this.#own + place, 1);
  }

  /** The place of a key; a new one where it has none. */
  #find(start: number, print: number): number {
    const cells = this.#cells;
    for (let step = 0; step < WINDOW; step++) {
      const place = (start + step) & (TALLY_KEYS_MAX - 1);
      if (Atomics.load(cells, SEED_WORDS + place) === print) return place;
    }
    for (let step = 0; step < WINDOW; step++) {
      const place = (start + step) & (TALLY_KEYS_MAX - 1);
      const former = Atomics.load(cells, SEED_WORDS + place);
      if (this.#sum(place) > 0) continue;
      const found = Atomics.compareExchange(cells, SEED_WORDS + place, former, print);
      if (found === former || found === print) return place;
    }
    return UNCOUNTED;
  }

  #sum(place: number): number {
    let sum = 0;
    for (let row = 0; row < this.#rows; row++) sum += Atomics.load(this.#cells, rowStart(row) + place);
    return sum;
  }
}

/** The row after the keys. */
function rowStart(row: number): number {
  return SEED_WORDS + TALLY_KEYS_MAX * (row + 1);
}

/** 32 bits of a short text, mixed as MurmurHash3 does. */
function hash(text: string, seed: number): number {
  let mixed = seed;
  for (let i = 0; i < text.length; i++) {
    const word = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    mixed ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    mixed = Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64;
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
