import { Buffer } from "node:buffer";
import { ByteWriter } from "../../kernel/byte-writer.ts";
import type { ByteSocket } from "../listen/byte-socket.ts";
import { BULK_BUFFER_BYTES, READ_BUFFER_BYTES } from "./limits.ts";

/** A read's worth of body, and a head of common size in front of it. */
const SIZE = READ_BUFFER_BYTES + 16 * 1024;
/** As much for one of those who read more at once. */
const BULK_SIZE = BULK_BUFFER_BYTES + 16 * 1024;

/**
 * Where everything a worker sends is put together, so that a head and the body at hand leave in one write.
 *
 * There is one (`out`), for one message at a time: whoever begins to fill it sends it before anything else can run.
 */
export class OutBuffer extends ByteWriter {
  #common: Buffer;
  /** For what is more than that; made when it is first wanted. */
  #bulk: Buffer | null = null;

  constructor() {
    super(SIZE);
    this.#common = this.bytes;
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
    const { length } = this;
    if (length === 0) return true;
    const filled = this.bytes;
    this.clear();
    const { socket } = to;
    if (socket.destroyed || socket.writableEnded) return true;
    const view = filled.subarray(0, length);
    if (to.isTls || socket.writableLength > 0) return socket.write(Buffer.from(view));
    const goesOn = socket.write(view);
    // More than a queue may hold asks for a pause, though all of it has left already.
    if (socket.writableLength === 0) return true;
    if (filled === this.#common) this.#common = this.bytes = Buffer.allocUnsafeSlow(SIZE);
    else if (filled === this.#bulk) this.#bulk = null;
    return goesOn;
  }

  /** A copy of everything from `from` on. */
  copyFrom(from: number): Buffer {
    return Buffer.from(this.bytes.subarray(from, this.length));
  }

  /** Forgets what was put together. */
  clear(): void {
    this.length = 0;
    this.bytes = this.#common;
  }

  /** What is filled is in one of the two, or in one of its own for what is more still. */
  protected override grow(more: number): void {
    const length = this.length + more;
    if (length > BULK_SIZE) super.grow(more);
    else {
      const bulk = this.#takeBulk();
      this.bytes.copy(bulk, 0, 0, this.length);
      this.bytes = bulk;
    }
  }

  #takeBulk(): Buffer {
    this.#bulk ??= Buffer.allocUnsafeSlow(BULK_SIZE);
    return this.#bulk;
  }
}

/** The worker's one outgoing buffer. */
export const out = new OutBuffer();
