import type { Buffer } from "node:buffer";
import { ChunkedDecoder } from "./chunked.ts";
import { DISCARD_BYTES_MAX } from "./limits.ts";
import type { RequestHead } from "./request-parser.ts";
import { readTrailers, type Trailers } from "./trailers.ts";

/** Who gets the data of a request body. */
export interface BodySink {
  /** Data without framing; borrowed. */
  onBodyData(bytes: Buffer, start: number, end: number): void;
}

/** Takes one request body off a connection: how long it is, and how much of it is still to come. Reused. */
export class RequestBody {
  /** Nothing of it is to come any more. */
  isDone = true;
  /** Some of it has come. */
  hasBegun = false;
  /** Whether it is sent in chunks. */
  isChunked = false;
  /** What came after it; null when nothing did. Borrowed: there is only what the `take` just done has ended. */
  trailers: Trailers | null = null;
  readonly #decoder = new ChunkedDecoder();
  #remaining = 0;

  /** RFC 9112 §6.3, for requests: chunked, a length, or none. */
  begin(head: RequestHead): void {
    this.hasBegun = false;
    this.trailers = null;
    this.isChunked = head.chunked;
    this.#remaining = Math.max(0, head.contentLength);
    this.isDone = !this.isChunked && this.#remaining === 0;
    if (this.isChunked) this.#decoder.reset();
  }

  /** Whether it is known to be longer than what is worth reading for nothing. */
  get isLong(): boolean {
    return !this.isChunked && this.#remaining > DISCARD_BYTES_MAX;
  }

  /** Reads from `at`; returns the index just past what belongs to the body, or -1 when it is malformed. */
  take(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    this.hasBegun = true;
    if (this.isChunked) return this.#takeChunks(bytes, at, end, sink);
    const until = Math.min(end, at + this.#remaining);
    this.#remaining -= until - at;
    this.isDone = this.#remaining === 0;
    sink.onBodyData(bytes, at, until);
    return until;
  }

  #takeChunks(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const decoder = this.#decoder;
    let at = start;
    while (at < end && !decoder.done) {
      at = decoder.next(bytes, at, end);
      if (at < 0) return -1;
      if (decoder.dataEnd > decoder.dataStart) sink.onBodyData(bytes, decoder.dataStart, decoder.dataEnd);
    }
    this.isDone = decoder.done;
    const section = decoder.trailers;
    if (!this.isDone || section === null) return at;
    this.trailers = readTrailers(section.bytes, section.start, section.end);
    return this.trailers === null ? -1 : at;
  }
}
