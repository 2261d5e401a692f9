import type { Buffer } from "node:buffer";
import { assert } from "../../kernel/assert.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import type { ClientConnection, ResponseSink } from "../http1/client-connection.ts";
import { ForwardedText } from "../http1/forwarded.ts";
import { ATTEMPTS_MAX } from "../http1/limits.ts";
import { out } from "../http1/out-buffer.ts";
import type { ResponseFraming, ResponseHead } from "../http1/response-parser.ts";
import type { Trailers } from "../http1/trailers.ts";
import type { LiveLoadBalancer, LiveServer, LiveService } from "../upstream/live-load-balancer.ts";
import type { UpstreamConnection, Waiter } from "../upstream/upstream-connection.ts";
import type { ClientSide } from "./client-side.ts";
import type { Engine } from "./engine.ts";
import { ReplayBuffer } from "./replay-buffer.ts";

/** What comes of forwarding a request, told to the one who runs its exchange. Bytes are borrowed. */
export interface ForwardOutcome {
  /** The final head. */
  onResponseHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void;
  /** The response has been sent on, and the server's connection given back. */
  onForwarded(): void;
  /** The server agreed to a tunnel, and `connection` is to be one end of it; `bytes[start, end)` came after its head. */
  onSwitching(connection: ClientConnection, bytes: Buffer, head: ResponseHead, start: number, end: number): void;
  onForwardFailed(failure: Failure): void;
}

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/**
 * One exchange's way upstream and back: choose a server, get a connection, send the request, try again where that is safe, and hand
 * the response down. Each client connection has one and uses it again.
 */
export class Forward implements Waiter, ResponseSink {
  /** The server's side wants to wait before it takes more; `onUpstreamReady` comes later. */
  isBlocked = false;
  readonly #engine: Engine;
  readonly #client: ClientSide;
  readonly #outcome: ForwardOutcome;
  readonly #forwarded = new ForwardedText();
  readonly #replay = new ReplayBuffer();
  #balancer: LiveLoadBalancer | null = null;
  #server: LiveServer | null = null;
  #connection: UpstreamConnection | null = null;
  #isWaiting = false;
  #attempts = 0;
  /** Servers that could not be reached. */
  #unreached = 0;
  #responseBegun = false;

  constructor(engine: Engine, client: ClientSide, outcome: ForwardOutcome) {
    this.#engine = engine;
    this.#client = client;
    this.#outcome = outcome;
  }

  /** Bytes of the request that have not left yet. */
  get queuedBytes(): number {
    return this.#connection?.queuedBytes ?? 0;
  }

  /** Sends the request to a server of `service`: at once when a connection is idle, and `onForwarding` is called before it returns. */
  start(service: LiveService): void {
    this.#attempts = 0;
    this.#unreached = 0;
    this.#responseBegun = false;
    this.#balancer = service.leaf();
    this.#client.exchange.trail.service = this.#balancer?.origin ?? null;
    if (this.#client.exchange.requestEdits.isBeyond) this.#outcome.onForwardFailed(FAILURES.TooManyEdits);
    else if (this.#balancer === null) this.#outcome.onForwardFailed(FAILURES.Tombstone);
    else this.#tryServer(this.#balancer.next(), false);
  }

  /** One piece of the request body's data, framed for the server. Put together with what is there; `flush` sends it. */
  sendData(bytes: Buffer, start: number, end: number): void {
    const before = out.length;
    this.#connection?.putData(bytes, start, end, this.#client.requestBody.isChunked);
    this.#replay.keep(out, before);
  }

  /** The request body is complete, with these trailers. */
  sendEnd(trailers: Trailers | null): void {
    const { exchange, requestBody } = this.#client;
    const before = out.length;
    this.#connection?.putEnd(exchange, trailers, requestBody.isChunked);
    this.#replay.keep(out, before);
  }

  /** Sends what was put together. */
  flush(): void {
    if (this.#connection !== null && !this.#connection.flush()) this.isBlocked = true;
  }

  /** The client takes more of the response. */
  resumeResponse(): void {
    this.#connection?.resume();
  }

  /** Gives the exchange up. The server sees a reset, so that half a request is not taken for a whole one. */
  cancel(): void {
    if (this.#isWaiting) this.#server?.pool.leave(this);
    this.#connection?.abort();
    this.#reset();
  }

  onConnection(connection: UpstreamConnection): void {
    this.#isWaiting = false;
    this.#send(connection);
  }

  onNoConnection(failure: Failure): void {
    this.#isWaiting = false;
    this.#recover(failure, false, false);
  }

  onInformational(bytes: Buffer, head: ResponseHead): void {
    this.#client.onProgress();
    this.#client.response.informational(bytes, head);
  }

  onHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void {
    this.#responseBegun = true;
    this.#replay.stop();
    this.#outcome.onResponseHead(bytes, head, framing);
  }

  onSwitch(bytes: Buffer, head: ResponseHead, start: number, end: number): void {
    const connection = this.#connection as ClientConnection;
    this.#reset();
    this.#outcome.onSwitching(connection, bytes, head, start, end);
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#client.response.data(bytes, start, end);
  }

  onComplete(trailers: Trailers | null): void {
    const connection = this.#connection as UpstreamConnection;
    const pool = (this.#server as LiveServer).pool;
    this.#client.response.finish(trailers);
    this.#reset();
    // A request that was not sent whole leaves the connection in the middle of it.
    if (this.#client.requestBody.isDone && connection.isReusable) pool.release(connection);
    else connection.close();
    this.#outcome.onForwarded();
  }

  onReadEnd(): boolean {
    // Part of a head is no progress: a server that drips one gets no more time than one that is silent.
    if (this.#responseBegun) this.#client.onProgress();
    return this.#client.response.flush();
  }

  onDrain(): void {
    this.isBlocked = false;
    this.#client.onUpstreamReady();
  }

  onFailed(failure: Failure, wasRefused = false): void {
    const wasReused = this.#connection?.isReused === true;
    this.#connection = null;
    this.isBlocked = false;
    this.#recover(failure, wasReused, wasRefused);
  }

  #tryServer(server: LiveServer | Failure, fresh: boolean): void {
    if (!("pool" in server)) {
      this.#fail(server);
      return;
    }
    this.#server = server;
    const { trail, upgrade } = this.#client.exchange;
    const upgrades = upgrade === "websocket";
    trail.server = server.pool;
    trail.attempts = ++this.#attempts;
    const idle = fresh ? null : server.pool.takeIdle(!this.#isSurelyRepeatable(), upgrades);
    if (idle !== null) {
      this.#send(idle);
      return;
    }
    this.#isWaiting = true;
    const failure = server.pool.wait(this, upgrades);
    if (failure === undefined) return;
    this.#isWaiting = false;
    this.#fail(failure);
  }

  #send(connection: UpstreamConnection): void {
    assert(out.length === 0, "a message is sent before another is put together");
    const { exchange } = this.#client;
    const balancer = this.#balancer as LiveLoadBalancer;
    this.#connection = connection;
    connection.begin(this, exchange.method, exchange.upgrade === "websocket");
    const host = balancer.passHostHeader ? "" : (this.#server as LiveServer).authority;
    connection.putHead(exchange, host, this.#forwarded, this.#client.requestBody.isDone);
    const keeps = connection.mayRefuse || (connection.isReused && IDEMPOTENT.has(exchange.method));
    if (this.#attempts === 1 || !this.#replay.isKept) this.#replay.start(keeps, exchange.peer.policy.replayBytesMax);
    else this.#replay.write(out);
    this.#client.onForwarding();
  }

  /** Tries again what may be tried again: on the next server when nothing was sent, on a fresh connection when the old one was stale. */
  #recover(failure: Failure, wasReused: boolean, wasRefused: boolean): void {
    const balancer = this.#balancer as LiveLoadBalancer;
    const server = this.#server as LiveServer;
    // Its endpoints may have changed since the request was given to it, and this may be the only request there is.
    this.#engine.routes.renewService(balancer.id);
    const mayTryAgain = !this.#responseBegun && this.#attempts < ATTEMPTS_MAX;
    // A server that has left while it was tried does not count: those that came in its place are there for this request, too.
    const isUnsent = failure.retry === "always" && (++this.#unreached < balancer.servers.length || !balancer.has(server));
    const wasStale = (wasRefused && this.#replay.isWhole) || (failure.retry === "ifReused" && wasReused && this.#isRepeatable());
    if (!mayTryAgain || !(isUnsent || wasStale)) {
      this.#fail(failure);
      return;
    }
    this.#engine.counters.add(COUNTER.upstreamRetries, 1);
    this.#client.onHeld();
    this.#tryServer(isUnsent || !balancer.has(server) ? balancer.after(server) : server, wasStale);
  }

  /** Whether a stale connection would cost nothing but a second try. */
  #isSurelyRepeatable(): boolean {
    return this.#client.requestBody.isDone && IDEMPOTENT.has(this.#client.exchange.method);
  }

  /** Whether the request may be sent once more: that does no harm, and all that was sent of it is still at hand. */
  #isRepeatable(): boolean {
    return IDEMPOTENT.has(this.#client.exchange.method) && this.#replay.isWhole;
  }

  #fail(failure: Failure): void {
    this.#engine.counters.add(COUNTER.upstreamFailures, 1);
    out.clear();
    this.#reset();
    this.#outcome.onForwardFailed(failure);
  }

  #reset(): void {
    this.#connection = null;
    this.isBlocked = false;
    this.#server = null;
    this.#balancer = null;
    this.#isWaiting = false;
    this.#replay.stop();
  }
}
