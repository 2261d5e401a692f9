import { ByteQueue } from "./byte-queue.ts";
import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN, VISIBLE } from "./bytes.ts";

/** Most bytes of chunk extensions in one body; they are dropped, so more than this is an attack. */
export const EXTENSION_BYTES_MAX = 16 * 1024;
/** Most bytes of the trailer section. */
export const TRAILER_BYTES_MAX = 8 * 1024;
/** Most hex digits of a chunk size: 2^48 bytes. */
const SIZE_DIGITS_MAX = 12;

type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-name"
  | "trailer-value"
  | "trailer-lf"
  | "end-lf";

/**
 * Walks a chunked body (RFC 9112 §7.1) that arrives in pieces, and points out the data in it.
 *
 * Strict: hex digits, CRLF alone ends a line, no white space around the size, and every trailer must be a field line. Extensions
 * are checked and dropped, trailers checked and kept. Usage: call `next` until it returns `end` or `done` is set; after each call the data found
 * is `[dataStart, dataEnd)`, empty when there was none. The bytes are borrowed. Allocates: nothing, but for trailers.
 */
export class ChunkedDecoder {
  dataStart = 0;
  dataEnd = 0;
  /** The body is complete; the index last returned is just past it. */
  done = false;
  /** The trailer section, with the empty line that ends it; null when there are no trailers. Whole once the body is, until `reset`. */
  trailers: ByteQueue | null = null;
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;

  /** Makes the decoder ready for another body. */
  reset(): void {
    this.done = false;
    this.trailers = null;
    this.#state = "size";
    this.#size = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = 0;
  }

  /** Goes on from `at`; returns where it stopped (past some data, past the body, or `end`), or -1 when the body is malformed. */
  next(bytes: Uint8Array, at: number, end: number): number {
    this.dataStart = at;
    this.dataEnd = at;
    let i = at;
    while (i < end) {
      if (this.#state === "data") return this.#takeData(i, end);
      if (this.#state === "trailer" || this.trailers !== null) return this.#takeTrailers(bytes, i, end);
      if (!this.#step(bytes[i] as number)) return -1;
      i++;
      if (this.done) break;
    }
    this.dataStart = i;
    this.dataEnd = i;
    return i;
  }

  #takeData(at: number, end: number): number {
    const length = Math.min(this.#size, end - at);
    this.dataStart = at;
    this.dataEnd = at + length;
    this.#size -= length;
    if (this.#size === 0) this.#state = "data-cr";
    return this.dataEnd;
  }

  #takeTrailers(bytes: Uint8Array, at: number, end: number): number {
    let i = at;
    // Nearly always there are none.
    if (this.trailers === null && bytes[i] !== CR) this.trailers = new ByteQueue();
    while (i < end && !this.done) if (!this.#step(bytes[i++] as number)) return -1;
    this.trailers?.append(bytes, at, i);
    this.dataStart = i;
    this.dataEnd = i;
    return i;
  }

  /** Takes one byte that is not data; false when it may not stand there. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case "size":
        return this.#stepSize(byte);
      case "extension":
        if (byte === CR) return this.#to("size-lf");
        return ++this.#extensionBytes <= EXTENSION_BYTES_MAX && (byte === HTAB || byte === SP || VISIBLE[byte] === 1);
      case "size-lf":
        this.#digits = 0;
        return byte === LF && this.#to(this.#size > 0 ? "data" : "trailer");
      case "data-cr":
        return byte === CR && this.#to("data-lf");
      case "data-lf":
        return byte === LF && this.#to("size");
      case "end-lf":
        this.done = byte === LF;
        return this.done;
      default:
        return this.#stepTrailer(byte);
    }
  }

  #stepSize(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#digits <= SIZE_DIGITS_MAX;
    }
    if (this.#digits === 0) return false;
    if (byte === CR) return this.#to("size-lf");
    return byte === 0x3b && this.#to("extension");
  }

  #stepTrailer(byte: number): boolean {
    if (++this.#trailerBytes > TRAILER_BYTES_MAX) return false;
    switch (this.#state) {
      case "trailer":
        if (byte === CR) return this.#to("end-lf");
        return TOKEN[byte] === 1 && this.#to("trailer-name");
      case "trailer-name":
        if (byte === COLON) return this.#to("trailer-value");
        return TOKEN[byte] === 1;
      case "trailer-value":
        if (byte === CR) return this.#to("trailer-lf");
        return FIELD_VALUE[byte] === 1 || byte === SP || byte === HTAB;
      default:
        return byte === LF && this.#to("trailer");
    }
  }

  #to(state: State): true {
    this.#state = state;
    return true;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
