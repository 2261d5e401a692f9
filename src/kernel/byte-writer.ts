import { Buffer } from "node:buffer";

/** Below these a loop is quicker than a call into C++: reading characters costs more than reading bytes. */
const LOOP_BYTES = 40;
const LOOP_CHARS = 16;

/** Puts bytes together piece by piece, in a buffer that makes room as it must. What is filled is `bytes[0, length)`. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  /** `size`: bytes that fit in before a larger buffer is made. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Copies `source[start, end)`. */
  slice(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.length + length > this.bytes.length) this.grow(length);
    const to = this.bytes;
    let at = this.length;
    if (length >= LOOP_BYTES) source.copy(to, at, start, end);
    else for (let i = start; i < end; i++) to[at++] = source[i] as number;
    this.length += length;
  }

  /** Copies all of `source`. */
  all(source: Buffer): void {
    this.slice(source, 0, source.length);
  }

  /** Writes text of ASCII (or Latin-1). */
  text(text: string): void {
    const { length } = text;
    if (this.length + length > this.bytes.length) this.grow(length);
    const to = this.bytes;
    let at = this.length;
    if (length >= LOOP_CHARS) to.write(text, at, "latin1");
    else for (let i = 0; i < length; i++) to[at++] = text.charCodeAt(i);
    this.length += length;
  }

  /** Writes text in UTF-8. */
  utf8(text: string): void {
    const { length } = text;
    const room = length * 3;
    if (this.length + room > this.bytes.length) this.grow(room);
    if (length < LOOP_CHARS && this.#ascii(text)) this.length += length;
    else this.length += this.bytes.write(text, this.length, "utf8");
  }

  /** Writes text behind what is filled as far as it is ASCII; whether all of it is. */
  #ascii(text: string): boolean {
    const to = this.bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      to[at++] = code;
    }
    return true;
  }

  /** Writes one byte. */
  byte(byte: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = byte;
  }

  /** Makes room for `more` bytes behind what is filled. */
  protected grow(more: number): void {
    const bytes = Buffer.allocUnsafeSlow((this.length + more) * 2);
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }
}
