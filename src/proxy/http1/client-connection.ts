import type { Buffer } from "node:buffer";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { ByteSocket, type SocketEvents } from "../listen/byte-socket.ts";
import type { Deadlines, Timed } from "../pipeline/deadlines.ts";
import type { SecuredSocket, ServerTls } from "../upstream/server-tls.ts";
import type { UpstreamConnection } from "../upstream/upstream-connection.ts";
import { ByteQueue } from "./byte-queue.ts";
import { findHeadEnd, spells } from "./bytes.ts";
import { ChunkedDecoder } from "./chunked.ts";
import type { HttpExchange } from "./exchange.ts";
import type { ForwardedText } from "./forwarded.ts";
import { HEAD_BYTES_MAX, INFORMATIONAL_MAX, type Timeouts } from "./limits.ts";
import { out } from "./out-buffer.ts";
import { writeRequestHead } from "./request-writer.ts";
import { parseResponseHead, type ResponseFraming, ResponseHead, responseFraming } from "./response-parser.ts";
import { readTrailers, type Trailers } from "./trailers.ts";

/** Who gets the response. All bytes are borrowed; calls come in the order of the methods. */
export interface ResponseSink {
  /** An informational response other than 101. */
  onInformational(bytes: Buffer, head: ResponseHead): void;
  /** The final head. */
  onHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void;
  /** Data of the body, without framing. */
  onBody(bytes: Buffer, start: number, end: number): void;
  /** The response is complete, with these trailers: the sink gives the connection back, or ends it. */
  onComplete(trailers: Trailers | null): void;
  /** 101, as asked for: the connection is the sink's to pass on; `bytes[start, end)` came after the head. */
  onSwitch(bytes: Buffer, head: ResponseHead, start: number, end: number): void;
  /** One read has been told in full: what was put together can be sent. False stops reading until `resume`. */
  onReadEnd(): boolean;
  /** The server takes more of the request. */
  onDrain(): void;
  /** It went wrong; the connection is gone. `wasRefused`: the server has done nothing about the request, and says so. */
  onFailed(failure: Failure, wasRefused?: boolean): void;
}

/** Who keeps connections while nobody uses them. */
export interface ConnectionOwner {
  onConnected(connection: ClientConnection): void;
  onConnectFailed(connection: ClientConnection, failure: Failure): void;
  /** Gone, after it was connected. */
  onClosed(connection: ClientConnection): void;
}

/**
 * `connecting` → `idle` ⇄ `head` (a request was begun, no response head yet) → `body` → `idle`, or → `tunnel`.
 * From anywhere → `closed`.
 */
type State = "connecting" | "idle" | "head" | "body" | "tunnel" | "closed";

/** The head in hand. Read synchronously, so that one serves all connections of a worker. */
const head = new ResponseHead();

/** Whether the 101 in hand agrees to what was asked for: nothing but websocket ever is. */
function agreesToWebSocket(bytes: Buffer): boolean {
  const field = head.upgradeField;
  return field >= 0 && spells(bytes, head.valueStart[field] as number, head.valueEnd[field] as number, "websocket");
}

/** A 204 has no body (RFC 9112 §6.3): one that says it has will be followed by bytes that are nobody's response. */
function announcesMoreThanNothing(): boolean {
  return head.status === 204 && (head.chunked || head.contentLength > 0);
}

/** One HTTP/1.1 connection to a server: one request at a time. */
export class ClientConnection implements UpstreamConnection, SocketEvents, Timed {
  deadlineMs: number;
  timedAt = -1;
  isReused = false;
  readonly mayRefuse = false;
  readonly #owner: ConnectionOwner;
  readonly #deadlines: Deadlines;
  readonly #timeouts: Timeouts;
  readonly #bytes: ByteSocket;
  readonly #partial = new ByteQueue();
  readonly #decoder = new ChunkedDecoder();
  #state: State = "connecting";
  #sink: ResponseSink | null = null;
  #method = "";
  #asksUpgrade = false;
  #framing: ResponseFraming = "none";
  #remaining = 0;
  #informational = 0;
  /** Trailers of the response in hand go no further: its head struck fields by name, maybe theirs. */
  #dropsTrailers = false;
  /** The server lets the connection be used again after the response in hand. */
  #keepsAlive = false;
  /** Something of a response has come. */
  #responseBegun = false;

  /** `tls`: how TLS is spoken, or a connection whose handshake is done; null in plaintext. */
  constructor(
    address: string,
    port: number,
    owner: ConnectionOwner,
    deadlines: Deadlines,
    timeouts: Timeouts,
    tls: ServerTls | SecuredSocket | null = null,
  ) {
    this.#owner = owner;
    this.#deadlines = deadlines;
    this.#timeouts = timeouts;
    this.deadlineMs = deadlines.nowMs + timeouts.connectMs;
    deadlines.add(this);
    const onConnect = (): void => this.#onConnect();
    this.#bytes =
      tls === null
        ? ByteSocket.connecting(address, port, this, onConnect)
        : ByteSocket.securing("secured" in tls ? tls : tls.connect(address, port), this, onConnect);
    if (tls !== null && "secured" in tls) setImmediate(onConnect);
  }

  get bytes(): ByteSocket {
    return this.#bytes;
  }

  /** Whether a request may be sent on it: it is not gone, as far as we know. */
  get isUsable(): boolean {
    return this.#state === "idle" && !this.#bytes.socket.destroyed;
  }

  /** Whether the server has closed it, as far as this machine knows: also what came since the last turn. Costs some µs. */
  isStale(): boolean {
    return !this.isUsable || (!this.#bytes.isTls && this.#bytes.hasUnread());
  }

  begin(sink: ResponseSink, method: string, asksUpgrade: boolean): void {
    this.#sink = sink;
    this.#state = "head";
    this.#method = method;
    this.#asksUpgrade = asksUpgrade;
    this.#informational = 0;
    this.#responseBegun = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  get queuedBytes(): number {
    return this.#bytes.queuedBytes;
  }

  putHead(exchange: HttpExchange, host: string, forwarded: ForwardedText): void {
    writeRequestHead(exchange, host, forwarded);
  }

  putData(bytes: Buffer, start: number, end: number, isChunked: boolean): void {
    if (isChunked) out.chunk(bytes, start, end);
    else out.slice(bytes, start, end);
  }

  /** Trailers go on where the request's head struck no fields by name, maybe theirs. */
  putEnd(exchange: HttpExchange, trailers: Trailers | null, isChunked: boolean): void {
    if (!isChunked) return;
    out.text("0\r\n");
    if (trailers !== null && !exchange.head.listsFields) trailers.write(exchange.requestEdits);
    out.text("\r\n");
  }

  flush(): boolean {
    return out.sendTo(this.#bytes);
  }

  get isReusable(): boolean {
    return this.isUsable && this.#keepsAlive;
  }

  /** Waits for the next request; called by the pool. */
  rest(): void {
    this.isReused = true;
    this.deadlineMs = this.#deadlines.nowMs + this.#timeouts.poolIdleMs;
  }

  resume(): void {
    this.#bytes.resume();
  }

  /** Its owner is told. */
  close(): void {
    this.#sink = null;
    if (this.#state !== "closed") this.#bytes.destroy();
  }

  abort(): void {
    this.#sink = null;
    if (this.#state !== "closed") this.#bytes.abort();
  }

  onBytes(bytes: Buffer, length: number): boolean {
    if (this.#state === "idle") {
      // Bytes nobody asked for: whose response would they be?
      this.close();
      return false;
    }
    if (this.#sink === null) return false;
    this.#responseBegun = true;
    if (this.#partial.length > 0) this.#readOn(bytes, length);
    else this.#read(bytes, 0, length);
    return this.#endRead();
  }

  /** Whether to read on. */
  #endRead(): boolean {
    return this.#sink === null ? this.#state === "idle" || this.#state === "tunnel" : this.#sink.onReadEnd();
  }

  onEnd(): void {
    if (this.#state === "body" && this.#framing === "close") {
      this.#keepsAlive = false;
      this.#complete();
      this.close();
    } else this.#fail(this.#lossFailure());
  }

  onDrain(): void {
    this.#sink?.onDrain();
  }

  onClose(): void {
    const { deadlineMs } = this;
    const state = this.#state;
    this.#deadlines.remove(this);
    if (state === "connecting") {
      this.#state = "closed";
      const timedOut = deadlineMs <= this.#deadlines.nowMs;
      const failure = this.#bytes.isTls && this.#bytes.hasReached ? FAILURES.ServerUntrusted : FAILURES.ConnectRefused;
      this.#owner.onConnectFailed(this, timedOut ? FAILURES.ConnectTimeout : failure);
      return;
    }
    const failure = this.#lossFailure();
    this.#state = "closed";
    this.#owner.onClosed(this);
    const sink = this.#sink;
    this.#sink = null;
    sink?.onFailed(failure);
  }

  onDeadline(): void {
    this.#bytes.destroy();
  }

  #onConnect(): void {
    this.#state = "idle";
    this.#keepsAlive = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#owner.onConnected(this);
  }

  /** More of a head that came in pieces: looked at again only when its end is there. */
  #readOn(more: Buffer, length: number): void {
    const queue = this.#partial;
    const scanned = queue.length;
    queue.append(more, 0, length);
    const { bytes, start, end } = queue;
    if (findHeadEnd(bytes, start, start + scanned, end) === -1) {
      if (queue.length > HEAD_BYTES_MAX) this.#fail(FAILURES.UpstreamMalformed);
      return;
    }
    queue.clear();
    this.#read(bytes, start, end);
  }

  #read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && this.#sink !== null) {
      if (this.#state === "head") {
        const after = this.#readHead(bytes, at, end);
        if (after < 0) return;
        at = after;
      } else if (this.#state === "body") {
        at = this.#readBody(bytes, at, end);
        if (at < 0) {
          this.#fail(FAILURES.UpstreamMalformed);
          return;
        }
      } else break;
    }
    // Bytes nobody asked for: whose response would they be?
    if (at < end && this.#sink === null && this.#state === "idle") this.close();
  }

  /** Returns the index after the head, or -1 when it is incomplete (and kept) or wrong (and the connection failed). */
  #readHead(bytes: Buffer, at: number, end: number): number {
    const after = parseResponseHead(bytes, at, end, head);
    if (after < 0 || (after === 0 ? end : after) - at > HEAD_BYTES_MAX) {
      this.#fail(FAILURES.UpstreamMalformed);
      return -1;
    }
    if (after === 0) {
      this.#partial.append(bytes, at, end);
      return -1;
    }
    if (head.status >= 200 || head.status === 101) return this.#beginResponse(bytes, after, end);
    if (++this.#informational > INFORMATIONAL_MAX) {
      this.#fail(FAILURES.UpstreamMalformed);
      return -1;
    }
    this.#sink?.onInformational(bytes, head);
    return after;
  }

  #beginResponse(bytes: Buffer, after: number, end: number): number {
    const sink = this.#sink as ResponseSink;
    if (head.status === 101) {
      if (!this.#asksUpgrade || !head.connectionUpgrade || !agreesToWebSocket(bytes)) {
        this.#fail(FAILURES.UpstreamMalformed);
        return -1;
      }
      this.#state = "tunnel";
      this.#sink = null;
      sink.onSwitch(bytes, head, after, end);
      return end;
    }
    this.#framing = responseFraming(head, this.#method);
    this.#remaining = head.contentLength;
    this.#keepsAlive = head.keepAlive && this.#framing !== "close" && !head.bindsConnection && !announcesMoreThanNothing();
    this.#dropsTrailers = head.listsFields;
    this.#state = "body";
    if (this.#framing === "chunked") this.#decoder.reset();
    const isEmpty = this.#framing === "none" || (this.#framing === "length" && this.#remaining === 0);
    // A response that is followed by what nobody asked for does not leave the connection usable.
    if (isEmpty && after < end) this.#keepsAlive = false;
    sink.onHead(bytes, head, this.#framing);
    if (isEmpty && this.#sink !== null) this.#complete();
    return after;
  }

  /** Returns the index after what belongs to the body, or -1 when it is malformed. */
  #readBody(bytes: Buffer, at: number, end: number): number {
    if (this.#framing === "chunked") return this.#readChunked(bytes, at, end);
    if (this.#framing === "close") {
      this.#sink?.onBody(bytes, at, end);
      return end;
    }
    const until = Math.min(end, at + this.#remaining);
    this.#remaining -= until - at;
    this.#sink?.onBody(bytes, at, until);
    if (this.#remaining === 0) this.#completeAt(until, end);
    return until;
  }

  #readChunked(bytes: Buffer, start: number, end: number): number {
    const decoder = this.#decoder;
    let at = start;
    while (at < end && this.#sink !== null) {
      at = decoder.next(bytes, at, end);
      if (at < 0) return -1;
      if (decoder.dataEnd > decoder.dataStart) this.#sink.onBody(bytes, decoder.dataStart, decoder.dataEnd);
      if (decoder.done) return this.#endChunked(at, end);
    }
    return at;
  }

  #endChunked(at: number, end: number): number {
    const section = this.#decoder.trailers;
    const trailers = section === null ? null : readTrailers(section.bytes, section.start, section.end);
    if (section !== null && trailers === null) return -1;
    this.#completeAt(at, end, this.#dropsTrailers ? null : trailers);
    return at;
  }

  #completeAt(at: number, end: number, trailers: Trailers | null = null): void {
    if (at < end) this.#keepsAlive = false;
    this.#complete(trailers);
  }

  #complete(trailers: Trailers | null = null): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#state = "idle";
    sink?.onComplete(trailers);
  }

  /** What losing the connection means now. */
  #lossFailure(): Failure {
    if (this.#state === "body") return FAILURES.UpstreamAborted;
    return this.#responseBegun ? FAILURES.UpstreamMalformed : FAILURES.UpstreamClosed;
  }

  #fail(failure: Failure): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#bytes.destroy();
    sink?.onFailed(failure);
  }
}
