import { Buffer } from "node:buffer";
import { spells } from "./bytes.ts";
import { copyLine, endLines } from "./field-lines.ts";
import { Fields } from "./fields.ts";
import type { HeaderEdits } from "./header-edits.ts";
import { HeaderId } from "./header-id.ts";

/**
 * Fields that mean nothing, or harm, when they come after the body: whoever merges them into the head would frame, route, authenticate or
 * decode by them (RFC 9110 §6.5.1). Beside these, nothing the engine minds itself is passed on.
 */
const NOT_TRAILERS: ReadonlySet<string> = new Set([
  ...["authorization", "cookie", "set-cookie", "authentication-control"],
  ...["cache-control", "pragma", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"],
  ...["age", "expires", "location", "retry-after", "vary", "warning"],
  ...["content-encoding", "content-type", "content-range", "content-location", "content-disposition"],
]);

const NOTHING: Buffer = Buffer.alloc(0);

/** The trailer fields of one chunked body (RFC 9110 §6.5). Borrowed: one serves a whole worker, until the next is read. */
export class Trailers extends Fields {
  /** What the offsets point into. */
  bytes: Buffer = NOTHING;

  /** Reads a trailer section, with the empty line that ends it; false when a head could not hold these fields either. */
  read(bytes: Buffer, start: number, end: number): boolean {
    this.clear(1);
    this.bytes = bytes;
    return this.parse(bytes, start, end) === end;
  }

  /** Whether a field goes on: it is one that may come after a body, and the middlewares whose edits these are left it alone. */
  passes(field: number, edits: HeaderEdits): boolean {
    if (this.known[field] !== HeaderId.other) return false;
    const name = this.bytes.toString("latin1", this.nameStart[field], this.nameEnd[field]).toLowerCase();
    return !NOT_TRAILERS.has(name) && !name.startsWith("x-forwarded-") && !edits.touches(name);
  }

  /** Writes the lines of those that go on. */
  write(edits: HeaderEdits): void {
    for (let field = 0; field < this.count; field++) {
      if (this.passes(field, edits)) copyLine(this.bytes, this, field);
    }
    endLines(this.bytes);
  }
}

/** Whether a field of a head is Trailer, which announces trailers (RFC 9110 §6.6.2): it goes where they go. */
export function isTrailerField(bytes: Uint8Array, head: Fields, field: number): boolean {
  return (
    head.known[field] === HeaderId.hopByHop &&
    spells(bytes, head.nameStart[field] as number, head.nameEnd[field] as number, "trailer")
  );
}

const shared = new Trailers();

/** The trailers in `bytes[start, end)`, borrowed; null when they are malformed. */
export function readTrailers(bytes: Buffer, start: number, end: number): Trailers | null {
  return shared.read(bytes, start, end) ? shared : null;
}
