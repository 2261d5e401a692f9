import { Buffer } from "node:buffer";
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream, type ServerStreamResponseOptions } from "node:http2";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import type { ClientConnection } from "../http1/client-connection.ts";
import { allowedMs, type Door } from "../http1/connection-state.ts";
import { HttpExchange, type Peer } from "../http1/exchange.ts";
import { out } from "../http1/out-buffer.ts";
import { QueueWatch } from "../http1/queue-watch.ts";
import { RequestBody } from "../http1/request-body.ts";
import type { ResponseFraming, ResponseHead } from "../http1/response-parser.ts";
import { isTrailerField, type Trailers } from "../http1/trailers.ts";
import type { ClientResponse, ClientSide } from "../pipeline/client-side.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { ExchangeRun } from "../pipeline/exchange-run.ts";
import { replyTo } from "../pipeline/reply.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import { HEAD_TEXT, readHeaderBlock, readTrailerBlock } from "./request-head.ts";
import { asObject, type FieldList, informationalFields, replyFields, responseFields, trailerFields } from "./response-fields.ts";

/** Minor version of an exchange that came in HTTP/2. */
const HTTP2 = 2;

/** Who has streams. */
export interface StreamOwner {
  /** The client is to open no more streams. */
  drain(): void;
  /** Some of what came on the connection was of use. */
  onUseful(bytes: number): void;
  /** The stream is gone. `wasEarly`: before it was answered, which costs more than it brings when it happens often. */
  onStreamClosed(stream: ServerStream, wasEarly: boolean): void;
}

/**
 * `hold`: the request waits for a hook or a server; its body is not read. `forward`: it is on its way. `answered`: what is left is for the
 * client to take. `closed`.
 */
type State = "hold" | "forward" | "answered" | "closed";

/** One request of an HTTP/2 client: the client's side of an exchange. */
export class ServerStream implements ClientSide, ClientResponse, Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  timedAt = -1;
  readonly exchange: HttpExchange;
  readonly requestBody = new RequestBody();
  readonly #engine: Engine;
  readonly #door: Door;
  readonly #owner: StreamOwner;
  readonly #stream: ServerHttp2Stream;
  readonly #run: ExchangeRun;
  readonly #queue = new QueueWatch();
  #state: State = "hold";
  /** The client wants to wait before it takes more. */
  #isBlocked = false;
  /** Bytes of the request body so far. */
  #bodyBytes = 0;
  /** The trailer section of the request, names and values in turn. */
  #trailers: readonly string[] | null = null;
  /** The response is ended by trailers, or by word that there are none. */
  #awaitsTrailers = false;
  /** What Content-Length says; -1 when it says nothing. */
  #bodyLength = -1;

  constructor(engine: Engine, door: Door, peer: Peer, owner: StreamOwner, stream: ServerHttp2Stream) {
    this.#engine = engine;
    this.#door = door;
    this.#owner = owner;
    this.#stream = stream;
    this.exchange = new HttpExchange(peer);
    this.#run = new ExchangeRun(engine, door.entryPointName, this);
    engine.deadlines.add(this);
    stream.on("close", () => this.#onClose());
    stream.on("drain", () => this.#onDrain());
  }

  get response(): ClientResponse {
    return this;
  }

  /** Runs the request whose header block, names and values in turn, this is. */
  begin(fields: readonly string[], hasBody: boolean): void {
    const { exchange, requestBody } = this;
    const length = readHeaderBlock(fields, hasBody, exchange.peer.policy.headBytesMax);
    if (typeof length !== "number") {
      this.#answerBare(length);
      return;
    }
    this.#owner.onUseful(length);
    const failure = exchange.begin(HEAD_TEXT, 0, length);
    exchange.minor = HTTP2;
    requestBody.begin(exchange.head);
    this.#bodyLength = exchange.head.contentLength;
    requestBody.isDone = !hasBody;
    this.onProgress();
    // What frames say counts: a length that nothing follows is a lie.
    if (!hasBody && this.#bodyLength > 0) this.reset(constants.NGHTTP2_PROTOCOL_ERROR, FAILURES.MalformedBody);
    else this.#run.begin(this.#door.entryPointBit(exchange.peer.isTls), failure);
  }

  /** Ends the stream at once; `failure` is why its exchange does, if it is under way. */
  reset(code: number, failure: Failure): void {
    if (!this.exchange.trail.isAnswered) this.exchange.trail.failure ??= failure;
    this.#abandon();
    this.#stream.close(code);
  }

  onDeadline(): void {
    if (this.#queue.hasMoved(this.#stream.bufferSize + this.#run.forward.queuedBytes)) this.onProgress();
    else if (this.#state === "hold") this.#run.giveUp(FAILURES.UpstreamTimeout);
    else if (this.#state === "forward" && !this.#run.isResponding) this.#run.giveUp(this.#run.whoStalls());
    else this.reset(constants.NGHTTP2_CANCEL, this.#isBlocked ? FAILURES.ClientGone : FAILURES.UpstreamTimeout);
  }

  // --- the request ---

  onForwarding(): void {
    this.#enter("forward");
    this.#run.forward.flush();
    if (!this.requestBody.isDone) this.#readBody();
  }

  onHeld(): void {
    this.#enter("hold");
    this.#stream.pause();
  }

  onUpstreamReady(): void {
    this.onProgress();
    if (this.#state === "forward" && !this.requestBody.isDone) this.#stream.resume();
  }

  #readBody(): void {
    const stream = this.#stream;
    if (stream.listenerCount("data") > 0) {
      stream.resume();
      return;
    }
    stream.on("data", (data: Buffer) => this.#takeData(data));
    stream.on("trailers", (_fields: unknown, _flags: unknown, block: string[]) => {
      this.#trailers = block;
    });
    stream.on("end", () => this.#takeEnd());
  }

  #takeData(data: Buffer): void {
    if (this.#state !== "forward") return;
    const { exchange, requestBody } = this;
    this.onProgress();
    this.#owner.onUseful(data.length);
    requestBody.hasBegun = true;
    this.#bodyBytes += data.length;
    exchange.trail.requestBytes = this.#bodyBytes;
    if (this.#bodyBytes > exchange.peer.policy.bodyBytesMax) {
      this.#failBody(FAILURES.BodyTooLarge);
      return;
    }
    const { forward } = this.#run;
    forward.sendData(data, 0, data.length);
    forward.flush();
    if (forward.isBlocked) this.#stream.pause();
  }

  #takeEnd(): void {
    if (this.#state !== "forward" || this.requestBody.isDone) return;
    // A stream that is reset ends, too; its close follows.
    if (this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    if (this.#bodyLength >= 0 && this.#bodyBytes !== this.#bodyLength) {
      this.#failBody(FAILURES.MalformedBody);
      return;
    }
    this.onProgress();
    this.requestBody.isDone = true;
    this.#run.forward.sendEnd(this.#trailers === null ? null : readTrailerBlock(this.#trailers));
    this.#run.forward.flush();
  }

  #failBody(failure: Failure): void {
    if (this.#run.isResponding) this.reset(constants.NGHTTP2_PROTOCOL_ERROR, failure);
    else this.#run.giveUp(failure);
  }

  // --- the response ---

  informational(bytes: Buffer, head: ResponseHead): void {
    if (this.#isOpen && head.status !== 101) {
      this.#stream.additionalHeaders(asObject(informationalFields(this.exchange, bytes, head)));
    }
  }

  sendHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void {
    this.onProgress();
    if (!this.#isOpen) return;
    const isEmpty = framing === "none" || (framing === "length" && head.contentLength === 0);
    this.#awaitsTrailers = !isEmpty && announcesTrailers(bytes, head) && this.exchange.method !== "HEAD";
    this.#respond(responseFields(this.exchange, bytes, head, this.#engine.deadlines.date), isEmpty);
  }

  sendReply(reply: Reply): number {
    if (!this.#isOpen) return 0;
    const hasBody = reply.status !== 204 && reply.status !== 304 && reply.body !== "" && this.exchange.method !== "HEAD";
    this.#respond(replyFields(this.exchange, reply, this.#engine.deadlines.date), !hasBody);
    if (!hasBody) return 0;
    const body = Buffer.from(reply.body, "utf8");
    this.#stream.end(body);
    return body.length;
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.exchange.trail.responseBytes += end - start;
    out.slice(bytes, start, end);
  }

  flush(): boolean {
    const data = this.#takeOut();
    if (data !== null && !this.#stream.write(data)) this.#isBlocked = true;
    return !this.#isBlocked;
  }

  finish(trailers: Trailers | null): void {
    const stream = this.#stream;
    const data = this.#takeOut();
    if (this.#awaitsTrailers) {
      const fields = trailers === null ? {} : asObject(trailerFields(this.exchange.responseEdits, trailers));
      stream.once("wantTrailers", () => stream.sendTrailers(fields));
    }
    if (data !== null) stream.end(data);
    else if (!stream.writableEnded) stream.end();
  }

  /** HTTP/2 has no upgrades (RFC 9113 §8.6), so that no server agrees to one. */
  sendSwitching(connection: ClientConnection): void {
    connection.abort();
    this.cutShort();
  }

  /** The other streams of the connection go on. New ones are for another, where this one is not to be used any more. */
  onFailing(failure: Failure): void {
    if (failure === FAILURES.ShuttingDown || failure === FAILURES.MisdirectedRequest) this.#owner.drain();
  }

  onAnswered(): void {
    this.#enter("answered");
    this.#run.end();
    if (this.requestBody.isDone) return;
    // What is on its way is no fault of the client.
    this.#owner.onUseful(STREAM_WINDOW_BYTES);
    // RFC 9113 §8.1: the answer is whole without the rest of the request; it leaves first.
    this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  cutShort(): void {
    this.#run.end();
    this.#enter("answered");
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  onProgress(): void {
    const { timeouts } = this.exchange.peer.policy;
    const state = this.#state === "hold" ? "hold" : "forward";
    const isResponding = this.#state === "answered" || this.#run.isResponding;
    const isWhole = this.#state === "answered" || this.requestBody.isDone;
    this.deadlineMs = this.#engine.deadlines.nowMs + allowedMs(state, isWhole, isResponding, timeouts);
  }

  /** Answers what could not be read as a request. */
  #answerBare(failure: Failure): void {
    const reply = replyTo(failure);
    this.#run.unread(failure);
    this.requestBody.isDone = false;
    this.exchange.method = "";
    this.sendReply(reply);
    this.onAnswered();
  }

  #respond(fields: FieldList, endStream: boolean): void {
    const options = { endStream, waitForTrailers: this.#awaitsTrailers, sendDate: false };
    this.#stream.respond(fields as unknown as OutgoingHttpHeaders, options as ServerStreamResponseOptions);
  }

  /** What was put together for the client; null when that is nothing, or nobody takes it. */
  #takeOut(): Buffer | null {
    if (out.length === 0) return null;
    const data = this.#isOpen && !this.#stream.writableEnded ? out.copyFrom(0) : null;
    out.clear();
    return data;
  }

  get #isOpen(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  #enter(state: State): void {
    this.#state = state;
    this.onProgress();
  }

  #onDrain(): void {
    this.#isBlocked = false;
    if (this.#state === "closed") return;
    this.onProgress();
    if (this.#state === "forward") this.#run.forward.resumeResponse();
  }

  #onClose(): void {
    const wasEarly = this.#state === "hold" || this.#state === "forward";
    if (wasEarly) this.exchange.trail.failure ??= FAILURES.ClientGone;
    this.#abandon();
    this.#engine.deadlines.remove(this);
    this.#owner.onStreamClosed(this, wasEarly);
  }

  #abandon(): void {
    if (this.#state === "hold" || this.#state === "forward") this.#run.abandon();
    this.#run.end();
    this.#state = "closed";
  }
}

/** Whether trailers may follow a body: HTTP/2 need not say so, HTTP/1.1 should (RFC 9110 §6.6.2). */
function announcesTrailers(bytes: Buffer, head: ResponseHead): boolean {
  if (head.minor === HTTP2) return true;
  for (let field = 0; field < head.count; field++) if (isTrailerField(bytes, head, field)) return true;
  return false;
}
