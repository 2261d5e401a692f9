import { CR, FIELD_VALUE, LF, SP } from "./bytes.ts";
import { FieldError, Fields } from "./fields.ts";

/** A parsed response head: offsets into borrowed bytes. One instance serves a whole worker. */
export class ResponseHead extends Fields {
  status = 0;
}

/** How a response body ends (RFC 9112 §6.3). */
export type ResponseFraming = "none" | "length" | "chunked" | "close";

/**
 * Parses one response head from `bytes[start, end)` into `out`, as strictly as a request's.
 *
 * Returns the index just past the head, 0 when it is incomplete, or -1 when it is malformed. Tolerated: an absent reason phrase with
 * or without the space before it. `bytes` is borrowed. Allocates: nothing.
 */
export function parseResponseHead(bytes: Uint8Array, start: number, end: number, out: ResponseHead): number {
  const fields = parseStatusLine(bytes, start, end, out);
  if (fields <= 0) return fields;
  const after = out.parse(bytes, fields, end);
  return after < 0 ? FieldError.malformed : after;
}

/** How the body after `head` ends, for a request of `method`. */
export function responseFraming(head: ResponseHead, method: string): ResponseFraming {
  if (method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304) return "none";
  if (head.chunked) return "chunked";
  return head.contentLength >= 0 ? "length" : "close";
}

const PREFIX = Buffer.from("HTTP/1.");

/** `HTTP/1.x SP 3DIGIT [SP reason] CRLF`. */
function parseStatusLine(bytes: Uint8Array, start: number, end: number, out: ResponseHead): number {
  const have = Math.min(end - start, PREFIX.length);
  for (let i = 0; i < have; i++) if (bytes[start + i] !== PREFIX[i]) return FieldError.malformed;
  if (end - start < 13) return 0;
  const minor = (bytes[start + 7] as number) - 0x30;
  if (minor !== 0 && minor !== 1) return FieldError.malformed;
  if (bytes[start + 8] !== SP) return FieldError.malformed;
  const status = threeDigits(bytes, start + 9);
  if (status < 100) return FieldError.malformed;
  let i = start + 12;
  if (bytes[i] !== SP && bytes[i] !== CR) return FieldError.malformed;
  while (i < end && FIELD_VALUE[bytes[i] as number] === 1) i++;
  if (i < end && bytes[i] !== CR) return FieldError.malformed;
  if (i + 1 >= end) return 0;
  if (bytes[i + 1] !== LF) return FieldError.malformed;
  out.clear(minor);
  out.status = status;
  return i + 2;
}

/** -1 when one of the three bytes is no digit. */
function threeDigits(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
