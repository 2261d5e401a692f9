import { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { AccessEntry } from "../../telemetry/access-log.ts";
import type { ByteRange } from "../../telemetry/line-writer.ts";
import type { Access } from "../pipeline/engine.ts";
import { replyTo } from "../pipeline/reply.ts";
import type { RouterPath } from "../pipeline/router-path.ts";
import { spells } from "./bytes.ts";
import type { HttpExchange } from "./exchange.ts";
import { HeaderId } from "./header-id.ts";
import type { RequestHead } from "./request-parser.ts";
import type { ResponseHead } from "./response-parser.ts";
import { isOfThisHop } from "./response-writer.ts";

/** By what exchanges call the minor version. */
const PROTOCOLS: readonly string[] = ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"];

const NO_HEADERS: readonly never[] = [];
const NO_BYTES: Buffer = Buffer.alloc(0);

/** Bytes of one head after the other: one object serves a connection. */
class HeadRange implements ByteRange {
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;

  set(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return this;
  }
}

/** What objects are called, kept as long as they are there. */
const keys = new WeakMap<ObjectRef, string>();

function keyOf(origin: ObjectRef | null): string {
  if (origin === null) return "";
  let key = keys.get(origin);
  if (key === undefined) {
    key = objectKey(origin);
    keys.set(origin, key);
  }
  return key;
}

/** Tells the access log of each exchange of one connection, once, when it ends. There is none while the log is off. */
export class ExchangeLog implements AccessEntry {
  readonly entryPoint: string;
  startMs = 0;
  durationMs = 0;
  readonly target = new HeadRange();
  readonly #access: Access;
  readonly #exchange: HttpExchange;
  readonly #path: RouterPath;
  #responseHeaders: readonly (readonly [name: string, value: string])[] = NO_HEADERS;
  #beganMs = 0;
  readonly #header = new HeadRange();
  /** Where the values of the log's `headerNames` begin and end in the head, in turn; -1 for one that is not there. */
  readonly #named: number[] = [];

  constructor(access: Access, entryPoint: string, exchange: HttpExchange, path: RouterPath) {
    this.#access = access;
    this.entryPoint = entryPoint;
    this.#exchange = exchange;
    this.#path = path;
  }

  /** The exchange has its head. */
  begin(): void {
    this.#beganMs = this.#access.clock.monotonicMs();
    const { head } = this.#exchange;
    this.target.set(this.#exchange.bytes, head.targetStart, head.targetEnd);
    this.#responseHeaders = NO_HEADERS;
    const names = this.#access.log.headerNames;
    for (let i = 0; i < names.length; i++) this.#find(head, names[i] as string, 2 * i);
  }

  /** Looked for now, since the head would have to be parsed once more when the exchange ends. */
  #find(head: RequestHead, name: string, at: number): void {
    const { bytes } = this.#exchange;
    this.#named[at] = -1;
    for (let field = 0; field < head.count; field++) {
      if (!spells(bytes, head.nameStart[field] as number, head.nameEnd[field] as number, name)) continue;
      this.#named[at] = head.valueStart[field] as number;
      this.#named[at + 1] = head.valueEnd[field] as number;
      return;
    }
  }

  /** A server's response head goes out, with what middlewares changed about it. Borrowed until return. */
  answered(bytes: Buffer, head: ResponseHead): void {
    if (!this.#access.log.wantsResponseHeaders) return;
    const shown: [string, string][] = [];
    for (let field = 0; field < head.count; field++) {
      const id = head.known[field] as number;
      if (id === HeaderId.connectionListed || (id !== HeaderId.contentLength && isOfThisHop(id))) continue;
      const name = bytes.toString("latin1", head.nameStart[field], head.nameEnd[field]);
      shown.push([name, bytes.toString("latin1", head.valueStart[field], head.valueEnd[field])]);
    }
    this.#keepResponse(shown);
  }

  /** An answer of our own goes out. */
  replied(reply: Reply): void {
    if (this.#access.log.wantsResponseHeaders) this.#keepResponse([...reply.headers]);
  }

  #keepResponse(shown: readonly (readonly [string, string])[]): void {
    const edits = this.#exchange.responseEdits;
    const kept = shown.filter(([name]) => !edits.removes(name.toLowerCase()));
    edits.each((name, value) => kept.push([name, value]));
    this.#responseHeaders = kept;
  }

  /** The exchange is about to give everything back. */
  end(): void {
    const { clock, log } = this.#access;
    this.durationMs = clock.monotonicMs() - this.#beganMs;
    this.startMs = clock.now() - this.durationMs;
    log.add(this);
    this.target.set(NO_BYTES, 0, 0);
    this.#header.bytes = NO_BYTES;
  }

  /** A request that could not be read was answered: there was no exchange. */
  unread(failure: Failure): void {
    const { peer } = this.#exchange;
    const nothing = { method: "", host: "", target: this.target, protocol: "", router: "", service: "", server: "" };
    const none = {
      durationMs: 0,
      attempts: 0,
      requestBytes: 0,
      responseBytes: 0,
      header: () => null,
      headers: () => [],
      responseHeaders: () => [],
    };
    this.#access.log.add({
      ...nothing,
      ...none,
      startMs: this.#access.clock.now(),
      client: peer.address,
      isTls: peer.isTls,
      entryPoint: this.entryPoint,
      status: replyTo(failure).status,
      failure: failure.code,
    });
  }

  get client(): string {
    return this.#exchange.peer.address;
  }

  get isTls(): boolean {
    return this.#exchange.peer.isTls;
  }

  get method(): string {
    return this.#exchange.method;
  }

  get host(): string {
    return this.#exchange.hasTarget ? this.#exchange.target.host : "";
  }

  get protocol(): string {
    return PROTOCOLS[this.#exchange.minor] ?? "";
  }

  get status(): number {
    const { status, trail } = this.#exchange;
    return status === 0 ? replyTo(trail.failure ?? FAILURES.ClientGone).status : status;
  }

  /** Without another reason, an exchange that ends before its answer is out has lost its client. */
  get failure(): string {
    const { failure, isAnswered } = this.#exchange.trail;
    return failure?.code ?? (isAnswered ? "" : "ClientGone");
  }

  get router(): string {
    return keyOf(this.#path.origin);
  }

  get service(): string {
    return keyOf(this.#exchange.trail.service);
  }

  get server(): string {
    return this.#exchange.trail.server?.name ?? "";
  }

  get attempts(): number {
    return this.#exchange.trail.attempts;
  }

  get requestBytes(): number {
    return this.#exchange.trail.requestBytes;
  }

  get responseBytes(): number {
    return this.#exchange.trail.responseBytes;
  }

  /** Of those that the log asks for by name. */
  header(name: string): ByteRange | null {
    const at = 2 * this.#access.log.headerNames.indexOf(name);
    const start = this.#named[at];
    if (start === undefined || start < 0) return null;
    return this.#header.set(this.#exchange.bytes, start, this.#named[at + 1] as number);
  }

  responseHeaders(): Iterable<readonly [string, string]> {
    return this.#responseHeaders;
  }

  *headers(): Iterable<readonly [string, string]> {
    const { head, bytes } = this.#exchange;
    for (let field = 0; field < head.count; field++) {
      const name = bytes.toString("latin1", head.nameStart[field], head.nameEnd[field]);
      yield [name, bytes.toString("latin1", head.valueStart[field], head.valueEnd[field])];
    }
  }
}
