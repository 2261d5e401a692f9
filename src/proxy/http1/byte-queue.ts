/** Bytes that came before they could be used, owned. Holds no memory while empty. */
export class ByteQueue {
  /** Valid in `[start, end)`. */
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Copies `source[start, end)` to the end. */
  append(source: Uint8Array, start: number, end: number): void {
    const more = end - start;
    if (more <= 0) return;
    if (this.end + more > this.bytes.length) this.#makeRoom(more);
    this.bytes.set(source.subarray(start, end), this.end);
    this.end += more;
  }

  /** Drops everything before `position` (an index into `bytes`). */
  consumeTo(position: number): void {
    this.start = position;
    if (this.start >= this.end) this.clear();
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = 0;
    this.end = 0;
  }

  #makeRoom(more: number): void {
    const length = this.length;
    const room = Buffer.allocUnsafeSlow(Math.max(1024, (length + more) * 2));
    this.bytes.copy(room, 0, this.start, this.end);
    this.bytes = room;
    this.start = 0;
    this.end = length;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
