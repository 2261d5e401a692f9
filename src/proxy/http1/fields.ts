import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, spells, TOKEN } from "./bytes.ts";
import { foldName, HeaderId, headerId } from "./header-id.ts";

/** Most header fields in one head. */
export const FIELDS_MAX = 100;
/** Most options that all Connection fields of a head may list together. */
export const CONNECTION_OPTIONS_MAX = 32;
/** Most digits of a Content-Length: what a double holds exactly. */
const LENGTH_DIGITS_MAX = 15;

/** Why a field block was refused. Negative, so that a parser can return it in place of a position. */
export const FieldError = { malformed: -1, tooMany: -2, ambiguousLength: -3, unknownCoding: -4 } as const;

/**
 * The fields of one head as offsets into borrowed bytes, with what framing needs worked out. One instance is reused for many heads:
 * it is valid until the next parse, and as long as the bytes are.
 */
export class Fields {
  count = 0;
  readonly nameStart = new Uint32Array(FIELDS_MAX);
  readonly nameEnd = new Uint32Array(FIELDS_MAX);
  readonly valueStart = new Uint32Array(FIELDS_MAX);
  readonly valueEnd = new Uint32Array(FIELDS_MAX);
  /** HeaderId of each field. */
  readonly known = new Uint8Array(FIELDS_MAX);
  /** Minor version: HTTP/1.0 or HTTP/1.1. */
  minor = 1;
  /** Value of Content-Length; -1 without one. */
  contentLength = -1;
  /** Whether Transfer-Encoding is chunked. */
  chunked = false;
  /** Whether the connection may be used again after this message (RFC 9112 §9.3). */
  keepAlive = true;
  /** Index of Host, Upgrade and Expect fields; -1 without one. */
  hostField = -1;
  upgradeField = -1;
  expectField = -1;
  /** Number of Host fields. */
  hosts = 0;
  /** Whether Connection holds `upgrade`. */
  connectionUpgrade = false;
  /** Whether TE holds `trailers` (RFC 9110 §10.1.4), and whether Connection holds `te`, as it should then. */
  takesTrailers = false;
  connectionTe = false;
  /** Connection names fields that are no matter of the engine: they are struck, and trailers of their names would have to be. */
  listsFields = false;
  /**
   * WWW-Authenticate offers a scheme that authenticates the connection and not the request (NTLM, Negotiate): whoever used it next
   * would be taken for its owner.
   */
  bindsConnection = false;
  /** Whether Date and Server are there: a response says when it was made and by what. */
  hasDate = false;
  hasServer = false;
  #close = false;
  #persist = false;
  #options = 0;

  clear(minor: number): void {
    this.count = 0;
    this.minor = minor;
    this.contentLength = -1;
    this.chunked = false;
    this.keepAlive = true;
    this.hostField = -1;
    this.upgradeField = -1;
    this.expectField = -1;
    this.hosts = 0;
    this.connectionUpgrade = false;
    this.takesTrailers = false;
    this.connectionTe = false;
    this.listsFields = false;
    this.bindsConnection = false;
    this.hasDate = false;
    this.hasServer = false;
    this.#close = false;
    this.#persist = false;
    this.#options = 0;
  }

  /**
   * Parses field lines from `at` through the empty line that ends them. Returns the index just past that line, 0 when the bytes end
   * before it, or a FieldError as soon as a wrong byte is there. Allocates: nothing.
   *
   * Strict where RFC 9112 §5 lets a recipient be: no obs-fold, no white space around the name, no bare CR or LF, no control bytes.
   */
  parse(bytes: Uint8Array, at: number, end: number): number {
    let i = at;
    while (i < end && bytes[i] !== CR) {
      i = this.#parseLine(bytes, i, end);
      if (i <= 0) return i;
    }
    if (i + 1 >= end) return 0;
    if (bytes[i + 1] !== LF) return FieldError.malformed;
    return this.#settle(bytes) || i + 2;
  }

  #parseLine(bytes: Uint8Array, start: number, end: number): number {
    if (this.count === FIELDS_MAX) return FieldError.tooMany;
    let i = start;
    let hasUnderscore = false;
    while (i < end && TOKEN[bytes[i] as number] === 1) {
      if (bytes[i] === 0x5f) hasUnderscore = true;
      i++;
    }
    if (i >= end) return 0;
    if (i === start || bytes[i] !== COLON) return FieldError.malformed;
    const nameEnd = i++;
    while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
    const valueStart = i;
    while (i < end && FIELD_VALUE[bytes[i] as number] === 1) i++;
    if (i < end && bytes[i] !== CR) return FieldError.malformed;
    if (i + 1 >= end) return 0;
    if (bytes[i + 1] !== LF) return FieldError.malformed;
    let valueEnd = i;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    return this.#record(bytes, start, nameEnd, valueStart, valueEnd, headerId(bytes, start, nameEnd, hasUnderscore)) || i + 2;
  }

  /** Notes a field; returns 0, or the FieldError it gives rise to. */
  #record(bytes: Uint8Array, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, id: HeaderId): number {
    const field = this.count++;
    this.nameStart[field] = nameStart;
    this.nameEnd[field] = nameEnd;
    this.valueStart[field] = valueStart;
    this.valueEnd[field] = valueEnd;
    this.known[field] = id;
    if (id === HeaderId.other) return 0;
    if (id === HeaderId.wwwAuthenticate && isOfConnection(bytes, valueStart, valueEnd)) this.bindsConnection = true;
    if (id === HeaderId.date) this.hasDate = true;
    else if (id === HeaderId.server) this.hasServer = true;
    if (id > HeaderId.expect) return 0;
    switch (id) {
      case HeaderId.host:
        this.hostField = field;
        this.hosts++;
        return 0;
      case HeaderId.contentLength:
        return this.#recordLength(bytes, valueStart, valueEnd);
      case HeaderId.transferEncoding:
        if (this.chunked || !spells(bytes, valueStart, valueEnd, "chunked")) return FieldError.unknownCoding;
        this.chunked = true;
        return 0;
      case HeaderId.connection:
        return this.#recordConnection(bytes, valueStart, valueEnd);
      case HeaderId.upgrade:
        this.upgradeField = field;
        return 0;
      case HeaderId.hopByHop:
        if (spells(bytes, nameStart, nameEnd, "te")) this.#recordTe(bytes, valueStart, valueEnd);
        return 0;
      case HeaderId.expect:
        this.expectField = field;
        return 0;
      default:
        return 0;
    }
  }

  /** RFC 9112 §6.3: one Content-Length of plain digits; a second one is refused even when it agrees. */
  #recordLength(bytes: Uint8Array, start: number, end: number): number {
    if (this.contentLength >= 0 || end === start || end - start > LENGTH_DIGITS_MAX) return FieldError.ambiguousLength;
    let length = 0;
    for (let i = start; i < end; i++) {
      const digit = (bytes[i] as number) - 0x30;
      if (digit < 0 || digit > 9) return FieldError.ambiguousLength;
      length = length * 10 + digit;
    }
    this.contentLength = length;
    return 0;
  }

  #recordConnection(bytes: Uint8Array, start: number, end: number): number {
    for (let i = start; i < end; ) {
      if (this.#options++ === CONNECTION_OPTIONS_MAX) return FieldError.malformed;
      i = nextOption(bytes, i, end);
      if (spells(bytes, optionStart, optionEnd, "close")) this.#close = true;
      else if (spells(bytes, optionStart, optionEnd, "keep-alive")) this.#persist = true;
      else if (spells(bytes, optionStart, optionEnd, "upgrade")) this.connectionUpgrade = true;
      else if (spells(bytes, optionStart, optionEnd, "te")) this.connectionTe = true;
      else if (optionEnd > optionStart) this.listsFields = true;
    }
    return 0;
  }

  #recordTe(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; ) {
      i = nextOption(bytes, i, end);
      if (spells(bytes, optionStart, optionEnd, "trailers")) this.takesTrailers = true;
    }
  }

  /** What only the whole block can tell; returns 0 or a FieldError. */
  #settle(bytes: Uint8Array): number {
    if (this.chunked && (this.contentLength >= 0 || this.minor === 0)) return FieldError.ambiguousLength;
    this.keepAlive = !this.#close && (this.minor === 1 || this.#persist);
    for (let field = 0; field < this.count; field++) {
      if (this.known[field] === HeaderId.connection) this.#markListed(bytes, field);
    }
    return 0;
  }

  /** Fields that Connection names are for this hop only (RFC 9110 §7.6.1); those the engine minds itself can't be struck that way. */
  #markListed(bytes: Uint8Array, connectionField: number): void {
    const end = this.valueEnd[connectionField] as number;
    for (let i = this.valueStart[connectionField] as number; i < end; ) {
      i = nextOption(bytes, i, end);
      if (optionEnd === optionStart) continue;
      for (let field = 0; field < this.count; field++) {
        const id = this.known[field];
        if ((id !== HeaderId.other && id !== HeaderId.date) || !this.#isNamed(bytes, field)) continue;
        this.known[field] = HeaderId.connectionListed;
        if (id === HeaderId.date) this.hasDate = false;
      }
    }
  }

  #isNamed(bytes: Uint8Array, field: number): boolean {
    const start = this.nameStart[field] as number;
    const length = (this.nameEnd[field] as number) - start;
    if (length !== optionEnd - optionStart) return false;
    for (let i = 0; i < length; i++) {
      if (foldName(bytes[start + i] as number) !== foldName(bytes[optionStart + i] as number)) return false;
    }
    return true;
  }
}

/** Whether a challenge is of a scheme that authenticates connections (RFC 4559 §6). A list of challenges counts by its elements. */
function isOfConnection(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; ) {
    i = nextOption(bytes, i, end);
    let schemeEnd = optionStart;
    while (schemeEnd < optionEnd && TOKEN[bytes[schemeEnd] as number] === 1) schemeEnd++;
    if (spells(bytes, optionStart, schemeEnd, "ntlm") || spells(bytes, optionStart, schemeEnd, "negotiate")) return true;
  }
  return false;
}

/** The list element found by the last `nextOption`: two numbers rather than an object per element. */
let optionStart = 0;
let optionEnd = 0;

/** Finds the next element of a comma-separated list from `at`; returns where to go on. */
function nextOption(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
  optionStart = i;
  while (i < end && bytes[i] !== 0x2c) i++;
  optionEnd = i;
  while (optionEnd > optionStart && (bytes[optionEnd - 1] === SP || bytes[optionEnd - 1] === HTAB)) optionEnd--;
  return i + 1;
}
