import { ChunkedDecoder } from "../../src/proxy/http1/chunked.ts";
import type { Fields } from "../../src/proxy/http1/fields.ts";
import { readTrailers } from "../../src/proxy/http1/trailers.ts";

/** A body as our decoder reads it, and where it ends. */
export interface OwnBody {
  readonly text: string;
  readonly end: number;
}

/** Why there is none: the bytes end before it does, or break its rules. */
export type NoBody = "incomplete" | "MalformedBody";

/** Reads a body from `at`, as our parsers do. */
export function readBody(
  bytes: Uint8Array,
  at: number,
  framing: "none" | "length" | "chunked" | "close",
  head: Fields,
): OwnBody | NoBody {
  const text = Buffer.from(bytes);
  if (framing === "chunked") return readChunks(text, at);
  const length = framing === "none" ? 0 : framing === "length" ? head.contentLength : bytes.length - at;
  return at + length <= bytes.length ? { text: text.toString("latin1", at, at + length), end: at + length } : "incomplete";
}

function readChunks(bytes: Buffer, at: number): OwnBody | NoBody {
  const decoder = new ChunkedDecoder();
  let text = "";
  let i = at;
  while (!decoder.done) {
    if (i >= bytes.length) return "incomplete";
    i = decoder.next(bytes, i, bytes.length);
    if (i < 0) return "MalformedBody";
    text += bytes.toString("latin1", decoder.dataStart, decoder.dataEnd);
  }
  const { trailers } = decoder;
  if (trailers !== null && readTrailers(trailers.bytes, trailers.start, trailers.end) === null) return "MalformedBody";
  return { text, end: i };
}

/** Lower-case names with values. */
export function readFields(bytes: Uint8Array, head: Fields): readonly (readonly [string, string])[] {
  const text = Buffer.from(bytes);
  return Array.from({ length: head.count }, (_, i): readonly [string, string] => [
    text.toString("latin1", head.nameStart[i], head.nameEnd[i]).toLowerCase(),
    text.toString("latin1", head.valueStart[i], head.valueEnd[i]),
  ]);
}
