import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import { ByteSocket, type ReadMode, type SocketEvents } from "../listen/byte-socket.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { type Downstream, Forward } from "../pipeline/forward.ts";
import { type HookOutcome, runRequestHooks, runResponseHooks } from "../pipeline/hooks.ts";
import { replyTo } from "../pipeline/reply.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import type { LiveRouter } from "../worker/live-router.ts";
import { ByteQueue } from "./byte-queue.ts";
import { findHeadEnd } from "./bytes.ts";
import { HttpExchange, type Peer, readRequestHead } from "./exchange.ts";
import { DISCARD_BYTES_MAX, HEAD_BYTES_MAX, UNREAD_BYTES_MAX } from "./limits.ts";
import { out } from "./out-buffer.ts";
import { type BodySink, RequestBody } from "./request-body.ts";
import { requestFailure } from "./request-parser.ts";
import type { ResponseFraming, ResponseHead } from "./response-parser.ts";
import { ResponseRelay } from "./response-relay.ts";
import { clientFraming } from "./response-writer.ts";

/** What a connection needs to know of where it came in. */
export interface Door {
  /** Bit of the entry point in the live world; 0 when it is not live. */
  entryPointBit(): number;
  /** Whether the entry point is about to close: responses say so. */
  readonly isClosing: boolean;
  onConnectionClosed(connection: ServerConnection): void;
}

/**
 * `head`: a request head is awaited. `hold`: a request waits for a hook or for a server's connection; its body is not read.
 * `forward`: it is on its way, its body is read and sent on. `discard`: it is answered, the rest of its body is read and thrown away.
 * `tunnel`: both sides talk past us. `linger`: the last answer is sent, the client may still be sending. `closed`.
 */
type State = "head" | "hold" | "forward" | "discard" | "tunnel" | "linger" | "closed";

/** One HTTP/1.x connection of a client: its requests, one at a time, in order. */
export class ServerConnection implements SocketEvents, Timed, Downstream, BodySink, HookOutcome {
  deadlineMs: number;
  timedAt = -1;
  exchangeNumber = 0;
  readonly exchange: HttpExchange;
  readonly requestBody = new RequestBody();
  readonly #engine: Engine;
  readonly #door: Door;
  readonly #bytes: ByteSocket;
  readonly #forward: Forward;
  readonly #response: ResponseRelay;
  /** What came before it could be used: part of a head, the body of a request on hold, the requests behind it. */
  readonly #unread = new ByteQueue();
  #state: State = "head";
  #router: LiveRouter<LiveService> | null = null;
  #isRunning = false;
  /** The client has sent FIN. */
  #hasEnded = false;
  /** The connection ends with the exchange in hand. */
  #closes = false;
  /** The server's socket asked to wait. */
  #isUpstreamBlocked = false;
  #discarded = 0;
  /** The server has ended its half of the tunnel. */
  #tunnelEnded = false;
  #queuedBytes = 0;

  constructor(engine: Engine, door: Door, peer: Peer, socket: Socket | TLSSocket, readMode: ReadMode = "shared") {
    this.#engine = engine;
    this.#door = door;
    this.exchange = new HttpExchange(peer);
    this.#forward = new Forward(engine, this);
    this.deadlineMs = engine.deadlines.nowMs + engine.timeouts.headMs;
    engine.deadlines.add(this);
    this.#bytes = peer.isTls ? ByteSocket.secured(socket as TLSSocket, this) : ByteSocket.accepted(socket, this, readMode);
    this.#response = new ResponseRelay(engine, this.exchange, this.#bytes);
  }

  /** Whether an exchange is under way. */
  get isBusy(): boolean {
    return this.#state !== "head" && this.#state !== "linger" && this.#state !== "closed";
  }

  /** Ends the connection if no request is in hand; else it ends with the exchange. */
  drain(): void {
    this.#closes = true;
    if (this.#state === "head" && this.#unread.length === 0) this.#linger();
  }

  /** Ends the connection at once, whatever it does. */
  destroy(): void {
    this.#forward.cancel();
    this.#bytes.abort();
  }

  // --- what the socket says ---

  onBytes(bytes: Buffer, length: number): boolean {
    this.#engine.counters.add(COUNTER.bytesIn, length);
    if (this.#unread.length > 0) this.#takeMore(bytes, length);
    else {
      const used = this.#run(bytes, 0, length);
      this.#unread.append(bytes, used, length);
    }
    return this.#readsOn();
  }

  onEnd(): void {
    this.#hasEnded = true;
    if (this.#state === "head" || this.#state === "discard") this.#linger();
    else if (this.#state === "tunnel") this.#forward.endTunnel();
    // A client may close its half once its request is whole; half a request is given up.
    else if (this.isBusy && !this.requestBody.isDone && this.#unread.length === 0) this.destroy();
  }

  onDrain(): void {
    this.#response.isBlocked = false;
    this.#touch();
    this.#forward.resumeResponse();
    this.#runUnread();
  }

  onClose(failed: boolean): void {
    if (this.#state === "tunnel" && !failed) this.#forward.leaveTunnel();
    else this.#forward.cancel();
    this.#state = "closed";
    this.exchangeNumber++;
    this.#unread.clear();
    this.exchange.end();
    this.#engine.deadlines.remove(this);
    this.#door.onConnectionClosed(this);
  }

  onDeadline(): void {
    if (this.#state === "head") {
      if (this.#unread.length > 0) this.#answerBare(FAILURES.HeadTimeout);
      else this.#linger();
    } else if (this.#progressed()) this.#touch();
    else if (this.#state === "hold") this.#giveUp(FAILURES.UpstreamTimeout);
    else if (this.#state === "forward" && !this.#forward.responseBegun) this.#giveUp(this.#whoStalls());
    else if (this.#state === "linger") this.#bytes.destroy();
    else this.destroy();
  }

  // --- reading ---

  /** Whether to read on: not while the server has not taken what it got, or bytes wait that nobody can use yet. */
  #readsOn(): boolean {
    if (this.#state === "closed" || this.#isUpstreamBlocked) return false;
    if (this.#unread.length > UNREAD_BYTES_MAX) this.destroy();
    return this.#unread.length === 0 || (this.#state === "head" && !this.#response.isBlocked);
  }

  /** More bytes behind unread ones. A head that comes in pieces is looked at again only when its end is there. */
  #takeMore(bytes: Buffer, length: number): void {
    const queue = this.#unread;
    const scanned = queue.length;
    queue.append(bytes, 0, length);
    if (this.#state === "head" && findHeadEnd(queue.bytes, queue.start + Math.max(0, scanned - 3), queue.end) < 0) {
      if (queue.length > HEAD_BYTES_MAX) this.#answerBare(FAILURES.HeadTooLarge);
    } else this.#runUnread();
  }

  #runUnread(): void {
    if (this.#isRunning) return;
    const queue = this.#unread;
    if (queue.length > 0) {
      const used = this.#run(queue.bytes, queue.start, queue.end);
      if (queue.length > 0) queue.consumeTo(used);
    }
    if (this.#hasEnded) this.#afterEnd();
    else if (this.#readsOn()) this.#bytes.resume();
  }

  /** The client has ended and everything it sent has been looked at: what is not whole by now never will be. */
  #afterEnd(): void {
    if (this.#state === "head" && !this.#response.isBlocked) this.#linger();
    else if (this.#state === "forward" && !this.requestBody.isDone) this.destroy();
  }

  /** Uses as much of `bytes[start, end)` as the state allows; returns the index of the first byte not used. */
  #run(bytes: Buffer, start: number, end: number): number {
    this.#isRunning = true;
    let at = start;
    while (at < end) {
      const after = this.#step(bytes, at, end);
      if (after === at) break;
      at = after;
    }
    this.#isRunning = false;
    if (this.#state === "forward" && !this.#forward.flush()) this.#isUpstreamBlocked = true;
    return at;
  }

  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case "head":
        return this.#response.isBlocked ? at : this.#takeHead(bytes, at, end);
      case "forward":
      case "discard":
        return this.requestBody.isDone ? at : this.#takeBody(bytes, at, end);
      case "tunnel":
        this.#touch();
        if (!this.#forward.sendTunnelData(bytes, at, end)) this.#isUpstreamBlocked = true;
        return end;
      case "hold":
        return at;
      default:
        return end;
    }
  }

  #takeHead(bytes: Buffer, at: number, end: number): number {
    const after = readRequestHead(bytes, at, end);
    const length = (after > 0 ? after : end) - at;
    if (after < 0 || length > HEAD_BYTES_MAX) {
      this.#answerBare(after < 0 ? requestFailure(after) : FAILURES.HeadTooLarge);
      return end;
    }
    if (after === 0) {
      this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.timeouts.headMs;
      return at;
    }
    this.#beginExchange(bytes, at, after);
    return after;
  }

  #takeBody(bytes: Buffer, at: number, end: number): number {
    this.#touch();
    const after = this.requestBody.take(bytes, at, end, this);
    if (after < 0) this.#failBody();
    else if (this.requestBody.isDone) {
      if (this.#state === "forward") this.#forward.sendEnd();
      else this.#next();
    } else if (this.#discarded > DISCARD_BYTES_MAX) this.#linger();
    return after < 0 ? end : after;
  }

  onBodyData(bytes: Buffer, start: number, end: number): void {
    if (this.#state === "forward") this.#forward.sendData(bytes, start, end);
    else this.#discarded += end - start;
  }

  #failBody(): void {
    out.clear();
    if (this.#state === "discard") this.#linger();
    else if (this.#forward.responseBegun) this.destroy();
    else this.#giveUp(FAILURES.MalformedBody);
  }

  // --- one exchange: the request ---

  #beginExchange(bytes: Buffer, start: number, end: number): void {
    const { exchange } = this;
    this.exchangeNumber++;
    this.#router = null;
    this.#discarded = 0;
    this.#state = "hold";
    const failure = exchange.begin(bytes, start, end);
    const { head } = exchange;
    this.requestBody.begin(head);
    if (!head.keepAlive) this.#closes = true;
    this.#touch();
    if (failure !== undefined) return this.onForwardFailed(failure);
    if (head.upgrade === "websocket" && (exchange.method !== "GET" || !this.requestBody.isDone)) {
      return this.onForwardFailed(FAILURES.UpgradeRefused);
    }
    const router = this.#engine.routes.route(this.#door.entryPointBit(), exchange);
    if (router === null) return this.onForwardFailed(FAILURES.NoRoute);
    this.#router = router;
    if (router.service === null) return this.onForwardFailed(FAILURES.Tombstone);
    runRequestHooks(router.middlewares, 0, exchange, this);
  }

  onPassed(): void {
    this.#forward.start((this.#router as LiveRouter<LiveService>).service as LiveService);
  }

  onReply(reply: Reply, position: number): void {
    this.#answer(reply, position);
  }

  onFailure(failure: Failure, position: number): void {
    this.#answer(replyTo(failure), position);
  }

  onForwarding(): void {
    this.#state = "forward";
    this.#isUpstreamBlocked = false;
    this.#touch();
    if (this.#isRunning) return;
    if (this.#unread.length === 0 && !this.#forward.flush()) this.#isUpstreamBlocked = true;
    this.#runUnread();
  }

  onUpstreamReady(): void {
    this.#isUpstreamBlocked = false;
    this.#touch();
    this.#runUnread();
  }

  onForwardFailed(failure: Failure): void {
    this.#isUpstreamBlocked = false;
    if (this.#state === "tunnel" && this.#tunnelEnded) this.#linger();
    // What the client has of a response must not look whole.
    else if (this.#state === "tunnel" || (this.#state === "forward" && this.#forward.responseBegun)) this.#bytes.abort();
    else {
      if (failure.source === "client") this.#closes = true;
      this.#answer(replyTo(failure), this.#router?.middlewares.length ?? 0);
    }
  }

  // --- one exchange: the response ---

  onInformational(bytes: Buffer, head: ResponseHead): void {
    this.#touch();
    this.#response.informational(bytes, head);
  }

  onResponseHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void {
    const { exchange } = this;
    const sent = clientFraming(framing, exchange.head.minor);
    if (sent === "close" || this.#endsSoon()) this.#closes = true;
    this.#touch();
    exchange.attachResponse(bytes, head);
    this.#runResponseHooks();
    this.#response.begin(bytes, head, sent, this.#closes);
    exchange.detachResponse();
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.#touch();
    this.#response.data(bytes, start, end);
  }

  flushResponse(): boolean {
    return this.#response.flush();
  }

  finishResponse(): void {
    this.#response.finish();
  }

  onForwarded(): void {
    this.#isUpstreamBlocked = false;
    this.#afterResponse();
  }

  onSwitching(bytes: Buffer, head: ResponseHead): void {
    const { exchange } = this;
    exchange.attachResponse(bytes, head);
    this.#runResponseHooks();
    this.#response.switching(bytes, head);
    exchange.detachResponse();
    this.#state = "tunnel";
    this.#touch();
    this.#runUnread();
    if (this.#hasEnded) this.#forward.endTunnel();
  }

  onTunnelData(bytes: Buffer, start: number, end: number): void {
    this.#touch();
    out.slice(bytes, start, end);
  }

  onTunnelEnd(): void {
    this.#tunnelEnded = true;
    this.#bytes.end();
  }

  #runResponseHooks(): void {
    const middlewares = this.#router?.middlewares;
    if (middlewares !== undefined) runResponseHooks(middlewares, middlewares.length, this.exchange);
  }

  /** Answers the request in hand ourselves, through the response hooks of the first `hooks` middlewares. */
  #answer(reply: Reply, hooks: number): void {
    const { exchange, requestBody } = this;
    // A body that nobody will read is worth reading only to keep the connection, and only if it comes, and is short.
    const isUnwanted = !requestBody.isDone && (exchange.head.expectContinue || tooLong(requestBody));
    if (isUnwanted || this.#endsSoon()) this.#closes = true;
    exchange.attachReply(reply);
    if (this.#router !== null) runResponseHooks(this.#router.middlewares, hooks, exchange);
    this.#response.reply(reply, this.#closes);
    this.#afterResponse();
  }

  /** Answers what could not be read as a request, and ends the connection. */
  #answerBare(failure: Failure): void {
    this.#response.bare(replyTo(failure));
    this.#linger();
  }

  /** The exchange will not end well: whoever waits for it is told. */
  #giveUp(failure: Failure): void {
    this.#forward.cancel();
    this.#isUpstreamBlocked = false;
    this.#closes = true;
    this.#answer(replyTo(failure), this.#router?.middlewares.length ?? 0);
  }

  #afterResponse(): void {
    this.exchangeNumber++;
    if (this.requestBody.isDone) return this.#closes ? this.#linger() : this.#next();
    if (this.#closes) return this.#linger();
    this.#state = "discard";
    this.#touch();
    this.#runUnread();
  }

  #next(): void {
    this.exchange.end();
    this.#router = null;
    if (this.#closes) return this.#linger();
    this.#state = "head";
    this.deadlineMs = this.#engine.deadlines.nowMs + this.#engine.timeouts.keepAliveMs;
    this.#runUnread();
  }

  // --- the end, and time ---

  /** Whether this is to be the connection's last response, for reasons of our own. */
  #endsSoon(): boolean {
    return this.#engine.isDraining || this.#door.isClosing;
  }

  /**
   * Everything is sent: FIN, and what the client still sends is thrown away for a while, since closing with bytes unread would
   * reset the connection under the answer.
   */
  #linger(): void {
    if (this.#state === "linger" || this.#state === "closed") return;
    this.#state = "linger";
    this.#isUpstreamBlocked = false;
    this.#unread.clear();
    this.exchange.end();
    this.#touch();
    this.#bytes.end();
    this.#bytes.resume();
  }

  #touch(): void {
    const { timeouts, deadlines } = this.#engine;
    this.deadlineMs = deadlines.nowMs + this.#allowedMs(timeouts);
  }

  #allowedMs(timeouts: Engine["timeouts"]): number {
    switch (this.#state) {
      case "head":
        return timeouts.keepAliveMs;
      case "hold":
        return timeouts.firstByteMs;
      case "forward":
        return this.requestBody.isDone && !this.#forward.responseBegun ? timeouts.firstByteMs : timeouts.bodyIdleMs;
      case "tunnel":
        return timeouts.tunnelIdleMs;
      case "linger":
        return timeouts.lingerMs;
      default:
        return timeouts.bodyIdleMs;
    }
  }

  /** Whether a slow peer has taken some of what is queued for it since this was last asked. */
  #progressed(): boolean {
    const before = this.#queuedBytes;
    this.#queuedBytes = this.#bytes.queuedBytes + this.#forward.queuedBytes;
    return this.#queuedBytes > 0 && this.#queuedBytes !== before;
  }

  /** Whose fault it is that nothing of a response has come. */
  #whoStalls(): Failure {
    const awaitsBody = !this.requestBody.isDone && !this.#isUpstreamBlocked && !this.exchange.head.expectContinue;
    return awaitsBody ? FAILURES.BodyTimeout : FAILURES.UpstreamTimeout;
  }
}

function tooLong(body: RequestBody): boolean {
  return !body.isChunked && body.remaining > DISCARD_BYTES_MAX;
}
