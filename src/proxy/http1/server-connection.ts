import { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import type { ByteSocket, SocketEvents } from "../listen/byte-socket.ts";
import type { ClientSide } from "../pipeline/client-side.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { ExchangeRun } from "../pipeline/exchange-run.ts";
import type { Forward } from "../pipeline/forward.ts";
import { replyTo } from "../pipeline/reply.ts";
import { ByteQueue } from "./byte-queue.ts";
import { findHeadEnd } from "./bytes.ts";
import type { ClientConnection } from "./client-connection.ts";
import { ConnectionLife } from "./connection-life.ts";
import { allowedMs, type ConnectionState, type Door, type DoorConnection } from "./connection-state.ts";
import { HttpExchange, type Peer, readRequestHead } from "./exchange.ts";
import { DISCARD_BYTES_MAX, UNREAD_BYTES_MAX } from "./limits.ts";
import { out } from "./out-buffer.ts";
import { holdsPreface } from "./preface.ts";
import { QueueWatch } from "./queue-watch.ts";
import { type BodySink, RequestBody } from "./request-body.ts";
import { requestFailure } from "./request-parser.ts";
import type { ResponseFraming, ResponseHead } from "./response-parser.ts";
import { ResponseRelay } from "./response-relay.ts";
import { clientFraming } from "./response-writer.ts";
import { Tunnel } from "./tunnel.ts";

/** One HTTP/1.x connection of a client: its requests, one at a time, in order. */
export class ServerConnection implements DoorConnection, SocketEvents, Timed, ClientSide, BodySink {
  deadlineMs: number;
  timedAt = -1;
  readonly exchange: HttpExchange;
  readonly requestBody = new RequestBody();
  readonly #engine: Engine;
  readonly #door: Door;
  readonly #bytes: ByteSocket;
  readonly response: ResponseRelay;
  readonly #run: ExchangeRun;
  readonly #forward: Forward;
  /** What came before it could be used: part of a head, the body of a request on hold, the requests behind it. */
  readonly #unread = new ByteQueue();
  #state: ConnectionState = "head";
  #tunnel: Tunnel | null = null;
  #isRunning = false;
  /** The client has sent FIN. */
  #hasEnded = false;
  /** The connection ends with the exchange in hand. */
  #closes = false;
  #discarded = 0;
  /** Bytes of the request body so far. */
  #bodyBytes = 0;
  readonly #life: ConnectionLife;
  readonly #queue = new QueueWatch();

  /** Takes over an accepted socket by `take`, which makes its ByteSocket. */
  constructor(engine: Engine, door: Door, peer: Peer, take: (events: SocketEvents) => ByteSocket) {
    this.#engine = engine;
    this.#door = door;
    this.exchange = new HttpExchange(peer);
    this.#run = new ExchangeRun(engine, door.entryPointName, this);
    this.#forward = this.#run.forward;
    this.#life = new ConnectionLife(engine.deadlines.nowMs, peer.policy);
    this.deadlineMs = engine.deadlines.nowMs + peer.policy.timeouts.headMs;
    engine.deadlines.add(this);
    this.#bytes = take(this);
    this.response = new ResponseRelay(engine, this.exchange, this.#bytes);
  }

  /** Whether an exchange is under way, or its last bytes are on their way out. */
  get isBusy(): boolean {
    if (this.#state === "head" || this.#state === "linger") return this.#bytes.queuedBytes > 0;
    return this.#state !== "closed";
  }

  /** Ends the connection if no request is in hand; else, and if it has yet to carry its first, it ends with the exchange. */
  drain(): void {
    this.#closes = true;
    if (this.#state === "head" && this.#unread.length === 0 && this.#life.requests > 0) this.#linger();
  }

  /** Ends the connection at once, whatever it does: by a reset, where something is cut short. `failure` is why an exchange is. */
  destroy(failure: Failure = FAILURES.ShuttingDown): void {
    if (!this.exchange.trail.isAnswered) this.exchange.trail.failure ??= failure;
    this.#run.abandon();
    if (this.#tunnel !== null) this.#tunnel.destroy();
    else if (this.isBusy || this.#unread.length > 0) this.#bytes.abort();
    else this.#bytes.destroy();
    this.#endExchange();
  }

  /** The exchange in hand, if there is one, ends with its connection. */
  #endExchange(): void {
    if (this.#tunnel !== null) {
      this.exchange.trail.requestBytes = this.#tunnel.client.relayed;
      this.exchange.trail.responseBytes = this.#tunnel.server.relayed;
    }
    this.#run.end();
  }

  // --- what the socket says ---

  onBytes(bytes: Buffer, length: number): boolean {
    this.#engine.counters.add(COUNTER.bytesIn, length);
    if (this.#unread.length > 0) this.#takeMore(bytes, length);
    else {
      const used = this.#use(bytes, 0, length);
      this.#unread.append(bytes, used, length);
    }
    return this.#readsOn();
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#afterEnd();
  }

  onDrain(): void {
    this.response.isBlocked = false;
    this.onProgress();
    this.#forward.resumeResponse();
    this.#runUnread();
  }

  onClose(): void {
    this.#run.abandon();
    this.#state = "closed";
    this.#unread.clear();
    this.#endExchange();
    this.#engine.deadlines.remove(this);
    this.#door.onConnectionClosed(this);
  }

  onDeadline(): void {
    if (this.#state === "head") {
      if (this.#unread.length > 0) this.#answerBare(FAILURES.HeadTimeout);
      else this.#linger();
    } else if (this.#queue.hasMoved(this.#bytes.queuedBytes + this.#forward.queuedBytes)) this.onProgress();
    else if (this.#state === "hold") this.#giveUp(FAILURES.UpstreamTimeout);
    else if (this.#state === "forward" && !this.#run.isResponding) this.#giveUp(this.#run.whoStalls());
    else this.destroy(this.response.isBlocked ? FAILURES.ClientGone : FAILURES.UpstreamTimeout);
  }

  // --- reading ---

  /** Whether to read on: not while the server has not taken what it got, or bytes wait that nobody can use yet. */
  #readsOn(): boolean {
    if (this.#state === "closed" || this.#forward.isBlocked) return false;
    if (this.#unread.length > UNREAD_BYTES_MAX) this.destroy(FAILURES.HeadTooLarge);
    return this.#unread.length === 0 || (this.#state === "head" && !this.response.isBlocked);
  }

  /** More bytes behind unread ones. A head that comes in pieces is looked at again only when its end is there. */
  #takeMore(bytes: Buffer, length: number): void {
    const queue = this.#unread;
    const scanned = queue.length;
    queue.append(bytes, 0, length);
    const { start, end } = queue;
    if (this.#state !== "head" || findHeadEnd(queue.bytes, start, start + scanned, end) !== -1) this.#runUnread();
    else if (queue.length > this.exchange.peer.policy.headBytesMax) this.#answerBare(FAILURES.HeadTooLarge);
  }

  #runUnread(): void {
    if (this.#isRunning) return;
    const queue = this.#unread;
    if (queue.length > 0) {
      const used = this.#use(queue.bytes, queue.start, queue.end);
      if (queue.length > 0) queue.consumeTo(used);
    }
    if (this.#hasEnded) this.#afterEnd();
    else if (this.#readsOn()) this.#bytes.resume();
  }

  /**
   * The client has closed its half, as it may once its requests are whole, and what could be used of them has been: what is not
   * whole by now never will be.
   */
  #afterEnd(): void {
    if (this.#state === "discard" || (this.#state === "head" && !this.response.isBlocked)) this.#linger();
    else if (this.#state === "hold" || this.#state === "forward") {
      if (!this.requestBody.isDone && this.#unread.length === 0) this.destroy(FAILURES.ClientGone);
    }
  }

  /** Uses as much of `bytes[start, end)` as the state allows; returns the index of the first byte not used. */
  #use(bytes: Buffer, start: number, end: number): number {
    this.#isRunning = true;
    let at = start;
    while (at < end) {
      const after = this.#step(bytes, at, end);
      if (after === at) break;
      at = after;
    }
    this.#isRunning = false;
    if (this.#state === "forward") this.#forward.flush();
    return at;
  }

  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case "head":
        return this.response.isBlocked ? at : this.#takeHead(bytes, at, end);
      case "forward":
      case "discard":
        return this.requestBody.isDone ? at : this.#takeBody(bytes, at, end);
      case "hold":
        return at;
      default:
        return end;
    }
  }

  #takeHead(bytes: Buffer, at: number, end: number): number {
    const after = readRequestHead(bytes, at, end);
    const length = (after > 0 ? after : end) - at;
    const { policy } = this.exchange.peer;
    if (after < 0 && this.#life.requests === 0 && holdsPreface(bytes, at, end)) return this.#leaveToHttp2(bytes, at, end);
    if (after < 0 || length > policy.headBytesMax) {
      this.#answerBare(after < 0 ? requestFailure(after) : FAILURES.HeadTooLarge);
      return end;
    }
    if (after === 0) {
      this.deadlineMs = this.#engine.deadlines.nowMs + policy.timeouts.headMs;
      return at;
    }
    this.#beginExchange(bytes, at, after);
    return after;
  }

  /** A connection that begins with the preface of HTTP/2 speaks that (RFC 9113 §3.3). Its socket changes hands once this read is over. */
  #leaveToHttp2(bytes: Buffer, at: number, end: number): number {
    const unread = Buffer.from(bytes.subarray(at, end));
    this.#state = "closed";
    setImmediate(() => {
      if (this.#bytes.socket.destroyed) return;
      this.#engine.deadlines.remove(this);
      this.#door.onHttp2(this, this.exchange.peer, this.#bytes.release(unread));
    });
    return end;
  }

  #takeBody(bytes: Buffer, at: number, end: number): number {
    this.onProgress();
    const after = this.requestBody.take(bytes, at, end, this);
    const isTooLong = this.#bodyBytes > this.exchange.peer.policy.bodyBytesMax;
    if (after < 0 || isTooLong) this.#failBody(isTooLong ? FAILURES.BodyTooLarge : FAILURES.MalformedBody);
    else if (this.requestBody.isDone) {
      if (this.#state === "forward") this.#forward.sendEnd(this.requestBody.trailers);
      else this.#next();
    } else if (this.#discarded > DISCARD_BYTES_MAX) this.#linger();
    return after < 0 || isTooLong ? end : after;
  }

  onBodyData(bytes: Buffer, start: number, end: number): void {
    this.#bodyBytes += end - start;
    this.exchange.trail.requestBytes = this.#bodyBytes;
    if (this.#bodyBytes > this.exchange.peer.policy.bodyBytesMax) return;
    if (this.#state === "forward") this.#forward.sendData(bytes, start, end);
    else this.#discarded += end - start;
  }

  #failBody(failure: Failure): void {
    out.clear();
    if (this.#state === "discard") this.#linger();
    else if (this.#run.isResponding) this.destroy(failure);
    else this.#giveUp(failure);
  }

  // --- one exchange ---

  #beginExchange(bytes: Buffer, start: number, end: number): void {
    const { exchange } = this;
    this.#discarded = 0;
    this.#bodyBytes = 0;
    this.#state = "hold";
    const failure = exchange.begin(bytes, start, end) ?? this.#upgradeRefusal();
    this.requestBody.begin(exchange.head);
    if (this.#life.isSpentBy(this.#engine.deadlines.nowMs) || !exchange.head.keepAlive) this.#closes = true;
    this.onProgress();
    this.#run.begin(this.#door.entryPointBit(exchange.peer.isTls), failure);
  }

  #upgradeRefusal(): Failure | undefined {
    const isRefused = this.exchange.upgrade === "websocket" && !this.#door.enterUpgrade(this);
    return isRefused ? FAILURES.TooManyUpgrades : undefined;
  }

  onForwarding(): void {
    this.#enter("forward");
    if (this.#isRunning) return;
    if (this.#unread.length === 0) this.#forward.flush();
    this.#runUnread();
  }

  onHeld(): void {
    this.#enter("hold");
  }

  onUpstreamReady(): void {
    this.onProgress();
    this.#runUnread();
  }

  onFailing(failure: Failure): void {
    if (failure.source === "client" || failure === FAILURES.ShuttingDown) this.#closes = true;
  }

  sendHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void {
    const sent = clientFraming(framing, this.exchange.minor);
    if (sent === "close" || this.#run.awaitsContinue || this.#door.isClosing) this.#closes = true;
    this.onProgress();
    this.response.head(bytes, head, sent, this.#closes);
  }

  sendReply(reply: Reply): number {
    // A body that nobody wants is worth reading only to keep the connection, and only if it is short.
    if (this.requestBody.isLong || this.#run.awaitsContinue || this.#door.isClosing) this.#closes = true;
    return this.response.reply(reply, this.#closes);
  }

  sendSwitching(connection: ClientConnection, bytes: Buffer, head: ResponseHead, start: number, end: number): void {
    this.response.switching(bytes, head);
    this.#state = "tunnel";
    if (this.exchange.log === null) this.exchange.end();
    this.#engine.deadlines.remove(this);
    const idleMs = this.exchange.peer.policy.timeouts.tunnelIdleMs;
    const onClosed = (): void => {
      connection.onClose();
      this.onClose();
    };
    const options = { idleMs, isStillRouted: () => this.#run.isStillRouted, onClosed };
    this.#tunnel = new Tunnel(this.#engine, options, this.#bytes, connection.bytes);
    this.#tunnel.begin(this.#unread, bytes, start, end);
    if (this.#hasEnded) this.#tunnel.client.onEnd();
    else this.#bytes.resume();
  }

  onAnswered(): void {
    if (this.exchange.upgrade === "websocket") this.#door.leaveUpgrade(this);
    if (this.#closes) this.#linger();
    else if (this.requestBody.isDone) this.#next();
    else {
      this.#enter("discard");
      this.#runUnread();
    }
  }

  cutShort(): void {
    this.#bytes.abort();
  }

  /** Answers what could not be read as a request, and ends the connection. */
  #answerBare(failure: Failure): void {
    this.response.bare(replyTo(failure));
    this.exchange.log?.unread(failure);
    this.#linger();
  }

  /** The exchange in hand, and with it the connection, will not end well. */
  #giveUp(failure: Failure): void {
    this.#closes = true;
    this.#run.giveUp(failure);
  }

  #next(): void {
    this.#run.end();
    if (this.#closes) this.#linger();
    else {
      this.#enter("head");
      this.#runUnread();
    }
  }

  /**
   * Everything is sent: FIN, and what the client still sends is thrown away for a while, since closing with bytes unread would
   * reset the connection under the answer.
   */
  #linger(): void {
    if (this.#state === "linger" || this.#state === "closed") return;
    this.#state = "linger";
    this.#unread.clear();
    this.#run.end();
    this.onProgress();
    this.#bytes.end();
    this.#bytes.resume();
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.onProgress();
  }

  /** Something moved: the state's time begins anew. */
  onProgress(): void {
    const { timeouts } = this.exchange.peer.policy;
    const allowed = allowedMs(this.#state, this.requestBody.isDone, this.#run.isResponding, timeouts);
    this.deadlineMs = this.#engine.deadlines.nowMs + allowed;
  }
}
