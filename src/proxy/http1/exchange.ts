import type { Buffer } from "node:buffer";
import type { ClientCertificate, Exchange, Reply } from "../../extensions/middlewares/exchange.ts";
import { assert } from "../../kernel/assert.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { canonicalPath } from "../../rules/canonical-path.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import type { TlsPeer } from "../listen/tls-peer.ts";
import { parseAuthority } from "./authority.ts";
import { spells } from "./bytes.ts";
import type { ConnectionPolicy } from "./connection-policy.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import { ExchangeTrail } from "./exchange-trail.ts";
import type { Fields } from "./fields.ts";
import { forwardedField, isVisible } from "./forwarded.ts";
import { giveHeadBuffer, takeHeadBuffer } from "./head-store.ts";
import { HeaderEdits } from "./header-edits.ts";
import { HeaderId } from "./header-id.ts";
import { parseRequestHead, RequestHead } from "./request-parser.ts";
import { RequestTarget } from "./request-target.ts";
import type { ResponseHead } from "./response-parser.ts";

/** The head parsed last, and whose it is: one serves the whole worker, and whoever needs his again parses it again. */
const shared = new RequestHead();
let owner: HttpExchange | null = null;

/** Parses a request head that came in `bytes[start, end)`; results as of `parseRequestHead`. `HttpExchange.begin` takes it over. */
export function readRequestHead(bytes: Buffer, start: number, end: number): number {
  owner = null;
  return parseRequestHead(bytes, start, end, shared);
}

const UNDERSCORE = 0x5f;

/** What stays the same for all exchanges of one connection. */
export interface Peer {
  readonly isTls: boolean;
  /** What its handshake said; absent without one. */
  readonly tls?: TlsPeer;
  /** IP address, without zone. */
  readonly address: string;
  /** Whether its X-Forwarded-* fields are believed. */
  readonly isTrusted: boolean;
  readonly policy: ConnectionPolicy;
}

/**
 * One HTTP/1.1 exchange, as rules and middlewares see it. Each connection has one and uses it again.
 *
 * The head is copied once into a buffer of the exchange; everything else is found in it when somebody asks.
 */
export class HttpExchange implements Exchange, RequestFacts {
  readonly peer: Peer;
  readonly target = new RequestTarget();
  readonly requestEdits = new HeaderEdits();
  readonly responseEdits = new HeaderEdits();
  method = "";
  /** Minor HTTP version the client speaks; 2 for HTTP/2. */
  minor = 1;
  /** What the client wants the connection to become. */
  upgrade: RequestHead["upgrade"] = "";
  /** The client waits for 100 Continue before it sends the body. */
  expectsContinue = false;
  /** The client can do something with trailers of the response, and says so (RFC 9110 §10.1.4). */
  takesTrailers = false;
  status = 0;
  /** Whether the target of the request was understood. */
  hasTarget = false;
  readonly trail = new ExchangeTrail();
  /** Who tells the access log; null while there is none. */
  log: ExchangeLog | null = null;
  #bytes: Buffer | null = null;
  #length = 0;
  #authority: string | null = null;
  #responseBytes: Buffer | null = null;
  #responseHead: ResponseHead | null = null;
  #reply: Reply | null = null;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Takes over the head just read from `bytes[start, end)` by `readRequestHead`; returns what is wrong with its target. */
  begin(bytes: Buffer, start: number, end: number): Failure | undefined {
    this.end();
    const length = end - start;
    const own = takeHeadBuffer(length);
    bytes.copy(own, 0, start, end);
    this.#bytes = own;
    this.#length = length;
    if (start === 0) owner = this;
    const { head } = this;
    this.method = head.method;
    this.minor = head.minor;
    this.upgrade = head.upgrade;
    this.expectsContinue = head.expectContinue;
    this.takesTrailers = head.takesTrailers && head.minor === 1;
    this.trail.clear();
    this.log?.begin();
    const failure = this.#refusal(head) ?? this.target.read(own, head, this.peer.policy.path);
    this.hasTarget = failure === undefined;
    return failure;
  }

  /** Gives everything back. Harmless when there is nothing. */
  end(): void {
    if (this.#bytes === null) return;
    this.log?.end();
    if (owner === this) owner = null;
    giveHeadBuffer(this.#bytes);
    this.#bytes = null;
    this.#authority = null;
    this.status = 0;
    this.requestEdits.clear();
    this.responseEdits.clear();
    this.detachResponse();
  }

  /** The request head, parsed; to be read at once. */
  get head(): RequestHead {
    if (owner !== this) {
      const after = parseRequestHead(this.bytes, 0, this.#length, shared);
      assert(after === this.#length, "a head parses the same way again");
      owner = this;
    }
    return shared;
  }

  /** What the offsets of `head` point into. */
  get bytes(): Buffer {
    assert(this.#bytes !== null, "an exchange is looked at between its begin and its end");
    return this.#bytes;
  }

  get scheme(): "http" | "https" {
    if (!this.peer.isTrusted) return this.peer.isTls ? "https" : "http";
    const proto = forwardedField(this, "x-forwarded-proto");
    return proto === "https" || proto === "wss" ? "https" : "http";
  }

  get host(): string {
    return this.target.host;
  }

  get authority(): string {
    return this.#authority ?? this.target.authority;
  }

  get path(): string {
    return this.target.path;
  }

  get query(): string {
    const { hasQuery, queryStart, queryEnd } = this.target;
    return hasQuery ? this.bytes.toString("latin1", queryStart, queryEnd) : "";
  }

  get clientCertificate(): ClientCertificate | null {
    return this.peer.tls?.certificate ?? null;
  }

  get clientAddress(): string {
    return this.peer.address;
  }

  rewritePath(path: string): Failure | undefined {
    if (this.target.path === "*") return undefined;
    if (canonicalPath(path, this.peer.policy.path) !== path) return FAILURES.BadPath;
    this.target.replacePath(path);
    return undefined;
  }

  setAuthority(authority: string): void {
    if (parseAuthority(authority) !== null) this.#authority = authority;
  }

  requestHeader(name: string): string | null {
    if (!this.requestEdits.removes(name)) {
      const own = this.#firstOwn(name);
      if (own !== null) return own;
    }
    return this.requestEdits.added(name);
  }

  setRequestHeader(name: string, value: string): void {
    this.requestEdits.set(name, value);
  }

  addRequestHeader(name: string, value: string): void {
    this.requestEdits.add(name, value);
  }

  removeRequestHeader(name: string): void {
    this.requestEdits.remove(name);
  }

  headerValues(name: string): readonly string[] {
    const values: string[] = [];
    if (!this.requestEdits.removes(name)) {
      const computed = forwardedField(this, name);
      if (computed !== null) values.push(computed);
      else this.#collectOwn(name, values);
    }
    this.requestEdits.collect(name, values);
    return values;
  }

  queryValues(name: string): readonly string[] {
    return new URLSearchParams(this.query).getAll(name);
  }

  responseHeader(name: string): string | null {
    return this.#responseOwn(name) ?? this.responseEdits.added(name);
  }

  setResponseHeader(name: string, value: string): void {
    this.responseEdits.set(name, value);
  }

  addResponseHeader(name: string, value: string): void {
    this.responseEdits.add(name, value);
  }

  removeResponseHeader(name: string): void {
    this.responseEdits.remove(name);
  }

  /** Shows a server's response head to hooks; borrowed until `detachResponse`. */
  attachResponse(bytes: Buffer, head: ResponseHead): void {
    this.status = head.status;
    this.#responseBytes = bytes;
    this.#responseHead = head;
  }

  /** Shows an answer of our own to hooks. */
  attachReply(reply: Reply): void {
    this.status = reply.status;
    this.#reply = reply;
  }

  detachResponse(): void {
    this.#responseBytes = null;
    this.#responseHead = null;
    this.#reply = null;
  }

  /** What the entry point does not let in, though the engine could take it. */
  #refusal(head: RequestHead): Failure | undefined {
    const { targetBytesMax, fieldsMax, bodyBytesMax, underscored } = this.peer.policy;
    if (head.targetEnd - head.targetStart > targetBytesMax) return FAILURES.TargetTooLong;
    if (head.count > fieldsMax) return FAILURES.TooManyHeaders;
    if (head.contentLength > bodyBytesMax) return FAILURES.BodyTooLarge;
    return underscored === "reject" && this.#holdsUnderscore(head) ? FAILURES.UnderscoredField : undefined;
  }

  #holdsUnderscore(head: RequestHead): boolean {
    for (let field = 0; field < head.count; field++) {
      for (let i = head.nameStart[field] as number; i < (head.nameEnd[field] as number); i++) {
        if (this.bytes[i] === UNDERSCORE) return true;
      }
    }
    return false;
  }

  /** The value of a field of the request as far as it is believed, edits aside. */
  #firstOwn(name: string): string | null {
    const computed = forwardedField(this, name);
    if (computed !== null) return computed;
    const { head } = this;
    for (let field = 0; field < head.count; field++) {
      if (this.#isOwn(head, field, name)) return this.#value(head, field);
    }
    return null;
  }

  #collectOwn(name: string, into: string[]): void {
    const { head } = this;
    for (let field = 0; field < head.count; field++) {
      if (this.#isOwn(head, field, name)) into.push(this.#value(head, field));
    }
  }

  #isOwn(head: RequestHead, field: number, name: string): boolean {
    if (head.known[field] === HeaderId.host || !isVisible(this, head, field)) return false;
    return spells(this.bytes, head.nameStart[field] as number, head.nameEnd[field] as number, name);
  }

  #value(head: Fields, field: number): string {
    return this.bytes.toString("latin1", head.valueStart[field], head.valueEnd[field]);
  }

  #responseOwn(name: string): string | null {
    if (this.responseEdits.removes(name)) return null;
    if (this.#reply !== null) return this.#reply.headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? null;
    const head = this.#responseHead;
    const bytes = this.#responseBytes;
    if (head === null || bytes === null) return null;
    for (let field = 0; field < head.count; field++) {
      if (spells(bytes, head.nameStart[field] as number, head.nameEnd[field] as number, name)) {
        return bytes.toString("latin1", head.valueStart[field], head.valueEnd[field]);
      }
    }
    return null;
  }
}
