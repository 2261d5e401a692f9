import { CLIENT_HELLO_BYTES_MAX, CLIENT_HELLO_RECORDS_MAX } from "../http1/limits.ts";

/** What a ClientHello says that matters before the handshake. */
export interface ClientHello {
  /** Server name, lower case, without trailing dot; "" when the client names none. */
  readonly serverName: string;
  /** Application protocols offered, in order. */
  readonly protocols: readonly string[];
}

/** `more`: not all of it is here yet. `invalid`: this is no ClientHello, or one beyond the limit. */
export type HelloResult = ClientHello | "more" | "invalid";

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_BYTES_MAX = 16_384 + 256;
const SERVER_NAME = 0;
const ALPN = 16;

/**
 * Reads the ClientHello at the start of a TLS connection (RFC 8446 §4.1.2, §5.1). It may be spread over several records, and those
 * over several reads: what a peek misses there, an attacker uses to dodge the policy of the name he asks for.
 */
export function parseClientHello(bytes: Buffer): HelloResult {
  const message = joinRecords(bytes);
  if (typeof message === "string") return message;
  try {
    return readHello(new Cursor(message, 4, message.length));
  } catch (error) {
    if (error instanceof RangeError) return "invalid";
    throw error;
  }
}

/** The handshake message, its 4 bytes of header included, out of the records it came in. */
function joinRecords(bytes: Buffer): Buffer | "more" | "invalid" {
  const parts: Buffer[] = [];
  let have = 0;
  // Of the whole message; 0 until the first four bytes say.
  let need = 0;
  for (let at = 0; ; ) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return "invalid";
    if (parts.length === CLIENT_HELLO_RECORDS_MAX) return "invalid";
    if (at + 5 > bytes.length) return bytes.length > CLIENT_HELLO_BYTES_MAX ? "invalid" : "more";
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || length === 0 || length > RECORD_BYTES_MAX) return "invalid";
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    have += part.length;
    if (have >= 1 && parts[0]?.[0] !== CLIENT_HELLO) return "invalid";
    if (need === 0 && have >= 4) need = 4 + Buffer.concat(parts).readUIntBE(1, 3);
    if (need > CLIENT_HELLO_BYTES_MAX) return "invalid";
    if (need > 0 && have >= need) return Buffer.concat(parts).subarray(0, need);
    if (part.length < length) return "more";
    at += 5 + length;
  }
}

/** Walks a message; reading past its end throws a RangeError. */
class Cursor {
  readonly #bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, at: number, end: number) {
    if (end > bytes.length) throw new RangeError("beyond the message");
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  uint(size: 1 | 2): number {
    if (this.at + size > this.end) throw new RangeError("beyond the message");
    const value = this.#bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(length: number): void {
    if (this.at + length > this.end) throw new RangeError("beyond the message");
    this.at += length;
  }

  /** A vector with a length of `size` bytes in front. */
  vector(size: 1 | 2): Cursor {
    const length = this.uint(size);
    const start = this.at;
    this.skip(length);
    return new Cursor(this.#bytes, start, start + length);
  }

  text(): string {
    return this.#bytes.toString("latin1", this.at, this.end);
  }
}

function readHello(hello: Cursor): HelloResult {
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  let serverName = "";
  const protocols: string[] = [];
  if (hello.at === hello.end) return { serverName, protocols };
  const extensions = hello.vector(2);
  while (extensions.at < extensions.end) {
    const type = extensions.uint(2);
    const content = extensions.vector(2);
    if (type === SERVER_NAME) serverName = readServerName(content);
    else if (type === ALPN) readProtocols(content, protocols);
  }
  return { serverName, protocols };
}

/** RFC 6066 §3: the first name of type host_name. */
function readServerName(content: Cursor): string {
  const names = content.vector(2);
  while (names.at < names.end) {
    const type = names.uint(1);
    const name = names.vector(2).text().toLowerCase();
    if (type === 0) return name.endsWith(".") ? name.slice(0, -1) : name;
  }
  return "";
}

function readProtocols(content: Cursor, into: string[]): void {
  const list = content.vector(2);
  while (list.at < list.end) into.push(list.vector(1).text());
}
