import type { Buffer } from "node:buffer";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { canonicalPath, type PathPolicy } from "../../rules/canonical-path.ts";
import { parseAuthority } from "./authority.ts";
import type { RequestHead } from "./request-parser.ts";

/** What a request is for, worked out from its target and Host. One instance per exchange, reused. */
export class RequestTarget {
  /** Canonical path, or `*`. */
  path = "";
  /** Canonical host without port; "" when the request has none. */
  host = "";
  /** As the client wrote it, with its port. */
  authority = "";
  /** -1 when the authority has none. */
  port = -1;
  /** Where the query is in the head, without `?`; an empty range without one. */
  queryStart = 0;
  queryEnd = 0;
  hasQuery = false;
  /** The path as the client wrote it last, and what was made of it. */
  #rawPath = "";
  #canonicalPath = "";

  /** Reads the target of `head`, whose bytes are `bytes`; returns what is wrong with it. Forms: RFC 9112 §3.2. The same policy each time. */
  read(bytes: Buffer, head: RequestHead, policy: PathPolicy): Failure | undefined {
    if (head.method === "CONNECT") return FAILURES.MethodNotImplemented;
    let start = head.targetStart;
    const end = head.targetEnd;
    let authority = head.hostField < 0 ? "" : this.#authorityOf(bytes, head);
    if (bytes[start] !== SLASH && bytes[start] !== ASTERISK) {
      const absolute = authorityOfAbsolute(bytes, start, end);
      if (absolute === null) return FAILURES.BadPath;
      // The target's own authority counts, not the Host field's (RFC 9112 §3.2.2), which must be well-formed none the less.
      if (parseAuthority(authority) === null) return FAILURES.BadHost;
      authority = absolute.authority;
      if (authority === "") return FAILURES.BadHost;
      start = absolute.pathStart;
    }
    return this.#readAuthority(authority) ?? this.#readPath(bytes, start, end, head.method, policy);
  }

  /** The value of Host. It is mostly the same as before, and then need not be made a string again. */
  #authorityOf(bytes: Buffer, head: RequestHead): string {
    const start = head.valueStart[head.hostField] as number;
    const end = head.valueEnd[head.hostField] as number;
    return isText(bytes, start, end, this.authority) ? this.authority : bytes.toString("latin1", start, end);
  }

  #readAuthority(authority: string): Failure | undefined {
    if (authority === this.authority && authority !== "") return undefined;
    const parsed = parseAuthority(authority);
    if (parsed === null) return FAILURES.BadHost;
    this.authority = authority;
    this.host = parsed.host;
    this.port = parsed.port;
    return undefined;
  }

  #readPath(bytes: Buffer, start: number, end: number, method: string, policy: PathPolicy): Failure | undefined {
    let query = start;
    while (query < end && bytes[query] !== QUESTION_MARK) query++;
    this.hasQuery = query < end;
    this.queryStart = this.hasQuery ? query + 1 : end;
    this.queryEnd = end;
    if (this.hasQuery && holdsHash(bytes, query, end)) return FAILURES.BadPath;
    const whole = method === "OPTIONS" && !this.hasQuery ? "*" : "/";
    if (this.#rawPath !== "*" && isText(bytes, start, query, this.#rawPath))
      return this.#take(this.#rawPath, this.#canonicalPath);
    const raw = start === query ? whole : bytes.toString("latin1", start, query);
    if (raw === "*") return method === "OPTIONS" && !this.hasQuery ? this.#take(raw, raw) : FAILURES.BadPath;
    const path = canonicalPath(raw, policy);
    return path === null ? FAILURES.BadPath : this.#take(raw, path);
  }

  #take(raw: string, path: string): undefined {
    this.#rawPath = raw;
    this.#canonicalPath = path;
    this.path = path;
    return undefined;
  }

  /** A path that a middleware put in place of the client's. */
  replacePath(path: string): void {
    this.path = path;
  }
}

const SLASH = 0x2f;
const ASTERISK = 0x2a;
const QUESTION_MARK = 0x3f;
const HASH = 0x23;

/** Whether the bytes are this text, which is not empty. */
function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (text === "" || end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

function holdsHash(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === HASH) return true;
  return false;
}

/** `http://authority/path?query`; null for anything else. Rare: only clients that take us for a forward proxy write it. */
function authorityOfAbsolute(bytes: Buffer, start: number, end: number): { authority: string; pathStart: number } | null {
  const target = bytes.toString("latin1", start, end);
  const split = /^https?:\/\/([^/?#]*)/i.exec(target);
  return split === null ? null : { authority: split[1] as string, pathStart: start + split[0].length };
}
