import { Buffer } from "node:buffer";
import type { ByteSocket } from "../listen/byte-socket.ts";
import { BULK_BUFFER_BYTES, READ_BUFFER_BYTES } from "./limits.ts";

/** A read's worth of body, and a head of common size in front of it. */
const SIZE = READ_BUFFER_BYTES + 16 * 1024;
/** As much for one of those who read more at once. */
const BULK_SIZE = BULK_BUFFER_BYTES + 16 * 1024;
/** Below this a byte loop is quicker than a call into C++. */
const LOOP_BYTES = 48;

/**
 * Where everything a worker sends is put together, so that a head and the body at hand leave in one write.
 *
 * There is one (`out`), for one message at a time: whoever begins to fill it sends it before anything else can run.
 */
export class OutBuffer {
  #common: Buffer = Buffer.allocUnsafeSlow(SIZE);
  /** For what is more than that; made when it is first wanted. */
  #bulk: Buffer | null = null;
  /** What is filled: one of these two, or one of its own for what is more still. */
  #bytes: Buffer = this.#common;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `source[start, end)`. */
  slice(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    if (length >= LOOP_BYTES) source.copy(this.#bytes, this.#length, start, end);
    else {
      const to = this.#bytes;
      let at = this.#length;
      for (let i = start; i < end; i++) to[at++] = source[i] as number;
    }
    this.#length += length;
  }

  /** Writes text of ASCII (or Latin-1). */
  text(text: string): void {
    const { length } = text;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    if (length >= LOOP_BYTES) this.#bytes.write(text, this.#length, "latin1");
    else {
      const to = this.#bytes;
      let at = this.#length;
      for (let i = 0; i < length; i++) to[at++] = text.charCodeAt(i);
    }
    this.#length += length;
  }

  /** Writes text in UTF-8. */
  utf8(text: string): void {
    const room = text.length * 3;
    if (this.#length + room > this.#bytes.length) this.#grow(room);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  /** Writes one chunk of a chunked body (RFC 9112 §7.1); an empty range writes nothing, since it would end the body. */
  chunk(source: Buffer, start: number, end: number): void {
    if (end <= start) return;
    this.text((end - start).toString(16));
    this.text("\r\n");
    this.slice(source, start, end);
    this.text("\r\n");
  }

  /**
   * Hands everything to the socket in one write; false when the socket asks to wait for its drain.
   *
   * A plaintext write is nearly always done when `write` returns, and the buffer is ours again. When it is not, the kernel still reads
   * from it, so another takes its place. TLS writes are never done at once: they get a copy of exact size.
   */
  sendTo(to: ByteSocket): boolean {
    const length = this.#length;
    if (length === 0) return true;
    const filled = this.#bytes;
    this.clear();
    const { socket } = to;
    if (socket.destroyed || socket.writableEnded) return true;
    const view = filled.subarray(0, length);
    if (to.isTls || socket.writableLength > 0) return socket.write(Buffer.from(view));
    const goesOn = socket.write(view);
    // More than a queue may hold asks for a pause, though all of it has left already.
    if (socket.writableLength === 0) return true;
    if (filled === this.#common) this.#common = this.#bytes = Buffer.allocUnsafeSlow(SIZE);
    else if (filled === this.#bulk) this.#bulk = null;
    return goesOn;
  }

  /** A copy of everything from `from` on. */
  copyFrom(from: number): Buffer {
    return Buffer.from(this.#bytes.subarray(from, this.#length));
  }

  /** Forgets what was put together. */
  clear(): void {
    this.#length = 0;
    this.#bytes = this.#common;
  }

  #grow(more: number): void {
    const length = this.#length + more;
    const bytes = length <= BULK_SIZE ? this.#takeBulk() : Buffer.allocUnsafeSlow(length * 2);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }

  #takeBulk(): Buffer {
    this.#bulk ??= Buffer.allocUnsafeSlow(BULK_SIZE);
    return this.#bulk;
  }
}

/** The worker's one outgoing buffer. */
export const out = new OutBuffer();
