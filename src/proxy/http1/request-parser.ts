import { FAILURES, type Failure } from "../../model/failure.ts";
import { CR, LF, SP, spells, TOKEN, VISIBLE } from "./bytes.ts";
import { FieldError, Fields } from "./fields.ts";
import { HeaderId } from "./header-id.ts";

/** Longest method name in bytes. */
export const METHOD_BYTES_MAX = 32;
/** Longest request target in bytes. */
export const TARGET_BYTES_MAX = 16 * 1024;
/** Empty lines tolerated before a request line (RFC 9112 §2.2 asks for at least one). */
const LEADING_LINES_MAX = 2;

/** A parsed request head: offsets into borrowed bytes. One instance serves a whole worker, as long as it is read synchronously. */
export class RequestHead extends Fields {
  method = "";
  targetStart = 0;
  targetEnd = 0;
  /** The client waits for 100 Continue before it sends the body (RFC 9110 §10.1.1). */
  expectContinue = false;
  /** What the connection is asked to become: only websocket is ever passed on. */
  upgrade: "" | "websocket" | "other" = "";
}

/** Failures a head can end in, in the order of the negative results: -1 is the first. */
const RESULTS: readonly Failure[] = [
  FAILURES.MalformedHead,
  FAILURES.TooManyHeaders,
  FAILURES.AmbiguousLength,
  FAILURES.UnknownTransferCoding,
  FAILURES.TargetTooLong,
  FAILURES.UnsupportedVersion,
  FAILURES.BadHost,
  FAILURES.UnsupportedExpectation,
];
const MALFORMED = FieldError.malformed;
const TARGET_TOO_LONG = -5;
const UNSUPPORTED_VERSION = -6;
const BAD_HOST = -7;
const UNSUPPORTED_EXPECTATION = -8;

/** The failure a negative result of `parseRequestHead` stands for. */
export function requestFailure(result: number): Failure {
  return RESULTS[-result - 1] ?? FAILURES.MalformedHead;
}

/**
 * Parses one request head from `bytes[start, end)` into `out`.
 *
 * Returns the index just past the head, 0 when the head is incomplete (the caller keeps the bytes and waits, see `findHeadEnd`), or a
 * negative number for `requestFailure`. A head that is wrong is reported as soon as the wrong byte is there.
 *
 * Strict by RFC 9112: one SP between the parts of the request line, HTTP/1.0 or 1.1, CRLF alone ends a line, exactly one Host (none is
 * tolerated in HTTP/1.0), one Content-Length or a lone `chunked`, never both.
 * `bytes` is borrowed; offsets in `out` point into it. Allocates: nothing (but the text of an uncommon method).
 */
export function parseRequestHead(bytes: Uint8Array, start: number, end: number, out: RequestHead): number {
  let i = skipEmptyLines(bytes, start, end);
  if (i < 0) return i;
  i = parseRequestLine(bytes, i, end, out);
  if (i <= 0) return i;
  const after = out.parse(bytes, i, end);
  if (after <= 0) return after;
  return settle(bytes, out) || after;
}

function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  for (let lines = 0; lines < LEADING_LINES_MAX && i < end && bytes[i] === CR; lines++) {
    if (i + 1 < end && bytes[i + 1] !== LF) return MALFORMED;
    i += 2;
  }
  return i;
}

/** Returns the index just past the request line, 0 when it is incomplete, or a negative result. */
function parseRequestLine(bytes: Uint8Array, start: number, end: number, out: RequestHead): number {
  let i = start;
  while (i < end && TOKEN[bytes[i] as number] === 1) i++;
  if (i - start > METHOD_BYTES_MAX) return MALFORMED;
  if (i >= end) return 0;
  if (i === start || bytes[i] !== SP) return MALFORMED;
  out.method = methodName(bytes, start, i);
  out.targetStart = ++i;
  while (i < end && VISIBLE[bytes[i] as number] === 1) i++;
  out.targetEnd = i;
  if (i - out.targetStart > TARGET_BYTES_MAX) return TARGET_TOO_LONG;
  if (i >= end) return 0;
  if (i === out.targetStart || bytes[i] !== SP) return MALFORMED;
  return parseVersion(bytes, i + 1, end, out);
}

/** `HTTP/1.x` and CRLF, looked at once all ten bytes are there. */
function parseVersion(bytes: Uint8Array, at: number, end: number, out: RequestHead): number {
  if (end - at < 10) return 0;
  if (!holds(bytes, at, HTTP) || bytes[at + 6] !== DOT || bytes[at + 8] !== CR || bytes[at + 9] !== LF) return MALFORMED;
  const major = (bytes[at + 5] as number) - 0x30;
  const minor = (bytes[at + 7] as number) - 0x30;
  if (major < 0 || major > 9 || minor < 0 || minor > 9) return MALFORMED;
  if (major !== 1 || minor > 1) return UNSUPPORTED_VERSION;
  out.clear(minor);
  return at + 10;
}

const HTTP = Buffer.from("HTTP/");
const DOT = 0x2e;

/** What only the whole head can tell; returns 0 or a negative result. */
function settle(bytes: Uint8Array, out: RequestHead): number {
  if (out.hosts > 1 || (out.hosts === 0 && out.minor === 1)) return BAD_HOST;
  out.expectContinue = false;
  out.upgrade = "";
  if (out.minor === 0) return 0;
  if (out.expectField >= 0) {
    if (!expectsOnlyContinue(bytes, out)) return UNSUPPORTED_EXPECTATION;
    // Without content there is nothing to wait with (RFC 9110 §10.1.1).
    out.expectContinue = out.chunked || out.contentLength > 0;
  }
  if (out.upgradeField >= 0 && out.connectionUpgrade) {
    const start = out.valueStart[out.upgradeField] as number;
    out.upgrade = spells(bytes, start, out.valueEnd[out.upgradeField] as number, "websocket") ? "websocket" : "other";
  }
  return 0;
}

/** Several Expect fields are one list (RFC 9110 §5.3), of which each counts. */
function expectsOnlyContinue(bytes: Uint8Array, head: RequestHead): boolean {
  for (let field = 0; field < head.count; field++) {
    if (head.known[field] !== HeaderId.expect) continue;
    if (!spells(bytes, head.valueStart[field] as number, head.valueEnd[field] as number, "100-continue")) return false;
  }
  return true;
}

const COMMON_METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"].map((name) => ({
  name,
  bytes: Buffer.from(name),
}));

function methodName(bytes: Uint8Array, start: number, end: number): string {
  for (const method of COMMON_METHODS) {
    if (method.bytes.length === end - start && holds(bytes, start, method.bytes)) return method.name;
  }
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

function holds(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}
