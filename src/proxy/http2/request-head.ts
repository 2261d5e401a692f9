import { Buffer } from "node:buffer";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { TRAILER_BYTES_MAX } from "../http1/chunked.ts";
import { readRequestHead } from "../http1/exchange.ts";
import { HEAD_BYTES_MAX } from "../http1/limits.ts";
import { requestFailure } from "../http1/request-parser.ts";
import { readTrailers, type Trailers } from "../http1/trailers.ts";

/** The head read last, in the form of HTTP/1.1: whoever wants it takes a copy before another is read. */
export const HEAD_TEXT: Buffer = Buffer.allocUnsafeSlow(HEAD_BYTES_MAX);

/** Fields of HTTP/1.1 connections: a message that has one is malformed (RFC 9113 §8.2.2). */
export const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
/** What a field name is made of: no capitals (RFC 9113 §8.2). */
export const NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;

/** What a header block says, put together field by field. One instance serves a whole worker. */
class Block {
  method = "";
  scheme = "";
  authority = "";
  path = "";
  host = "";
  cookie = "";
  /** Regular fields but for Host and Cookie, as lines. */
  lines = "";
  lineCount = 0;
  hasLength = false;
  #pseudo = 0;
  #hosts = 0;

  clear(): void {
    this.method = "";
    this.scheme = "";
    this.authority = "";
    this.path = "";
    this.host = "";
    this.cookie = "";
    this.lines = "";
    this.lineCount = 0;
    this.hasLength = false;
    this.#pseudo = 0;
    this.#hosts = 0;
  }

  /** Takes one field; false when no request has it. Each pseudo-header comes once, and before all other fields (RFC 9113 §8.3). */
  take(name: string, value: string): boolean {
    if (name.charCodeAt(0) === COLON) return this.#takePseudo(name, value);
    if (name === "host") {
      this.host = value;
      return ++this.#hosts === 1;
    }
    if (name === "cookie") {
      this.cookie = this.cookie === "" ? value : `${this.cookie}; ${value}`;
      return true;
    }
    if (!NAME.test(name) || OF_CONNECTIONS.has(name)) return false;
    if (name === "te" && value.toLowerCase() !== "trailers") return false;
    if (name === "content-length") this.hasLength = true;
    this.lines += `${name}: ${value}\r\n`;
    this.lineCount++;
    return true;
  }

  #takePseudo(name: string, value: string): boolean {
    const bit = PSEUDO.get(name);
    if (bit === undefined || (this.#pseudo & bit) !== 0 || this.lineCount > 0) return false;
    this.#pseudo |= bit;
    if (bit === METHOD) this.method = value;
    else if (bit === SCHEME) this.scheme = value;
    else if (bit === AUTHORITY) this.authority = value;
    else this.path = value;
    return true;
  }

  /** What is wrong with the whole. */
  failure(): Failure | null {
    if (this.method === "CONNECT") return FAILURES.MethodNotImplemented;
    if (this.method === "" || (this.scheme !== "http" && this.scheme !== "https")) return FAILURES.MalformedHead;
    // RFC 9113 §8.3.1: a path, or `*` for OPTIONS; never a whole URI, whose authority would count.
    if (this.path.charCodeAt(0) !== SLASH && this.path !== "*") return FAILURES.BadPath;
    const hasAuthority = (this.#pseudo & AUTHORITY) !== 0;
    if (hasAuthority && this.authority === "") return FAILURES.BadHost;
    if (!hasAuthority) this.authority = this.host;
    else if (this.#hosts > 0 && this.host.toLowerCase() !== this.authority.toLowerCase()) return FAILURES.BadHost;
    return this.authority === "" ? FAILURES.BadHost : null;
  }
}

const COLON = 0x3a;
const SLASH = 0x2f;
const METHOD = 1;
const SCHEME = 2;
const AUTHORITY = 4;
const PATH = 8;
const PSEUDO: ReadonlyMap<string, number> = new Map([
  [":method", METHOD],
  [":scheme", SCHEME],
  [":authority", AUTHORITY],
  [":path", PATH],
]);

const block = new Block();

/**
 * Reads the header block of a request, names and values in turn, as it came. It becomes a head of HTTP/1.1 in `HEAD_TEXT`, and is read
 * by that engine's parser: what a request may be is settled in one place, whatever protocol it came in. Returns the length of the
 * head, or what is wrong with it; it may have `bytesMax`.
 *
 * nghttp2 refuses most of what RFC 9113 calls malformed before it comes here. Nothing here counts on it: a line that would come of
 * more than one field, or of none, is found out by counting them.
 */
export function readHeaderBlock(fields: readonly string[], hasBody: boolean, bytesMax: number): number | Failure {
  block.clear();
  for (let i = 0; i < fields.length; i += 2) {
    if (!block.take(fields[i] as string, fields[i + 1] as string)) return FAILURES.MalformedHead;
  }
  const failure = block.failure();
  if (failure !== null) return failure;
  const cookie = block.cookie === "" ? "" : `cookie: ${block.cookie}\r\n`;
  const framing = hasBody && !block.hasLength ? "transfer-encoding: chunked\r\n" : "";
  const text = `${block.method} ${block.path} HTTP/1.1\r\nhost: ${block.authority}\r\n${block.lines}${cookie}${framing}\r\n`;
  if (text.length > bytesMax) return FAILURES.HeadTooLarge;
  const lines = 3 + block.lineCount + (cookie === "" ? 0 : 1) + (framing === "" ? 0 : 1);
  if (countLines(text) !== lines) return FAILURES.MalformedHead;
  HEAD_TEXT.write(text, 0, "latin1");
  const after = readRequestHead(HEAD_TEXT, 0, text.length);
  if (after < 0) return requestFailure(after);
  return after === text.length ? after : FAILURES.MalformedHead;
}

/** Reads a trailer section, names and values in turn; null when there is nothing in it that can be passed on. */
export function readTrailerBlock(fields: readonly string[]): Trailers | null {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) {
    if (!NAME.test(fields[i] as string)) return null;
    text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  text += "\r\n";
  if (text.length > TRAILER_BYTES_MAX || countLines(text) !== fields.length / 2 + 1) return null;
  HEAD_TEXT.write(text, 0, "latin1");
  return readTrailers(HEAD_TEXT, 0, text.length);
}

/** Lines of a head put together: as many as fields, unless one of them held the end of a line. */
export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
