import type { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { requestCounter } from "../../telemetry/worker-counters.ts";
import type { ClientConnection } from "../http1/client-connection.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import { ExchangeLog } from "../http1/exchange-log.ts";
import type { ResponseFraming, ResponseHead } from "../http1/response-parser.ts";
import type { ClientSide } from "./client-side.ts";
import type { Engine } from "./engine.ts";
import { findRouter } from "./find-router.ts";
import { Forward, type ForwardOutcome } from "./forward.ts";
import { type HookOutcome, runRequestHooks, runResponseHooks } from "./hooks.ts";
import { replyAsLast } from "./max-forwards.ts";
import { replyTo } from "./reply.ts";
import { RouterPath } from "./router-path.ts";

/**
 * One exchange from its head to its end, whatever protocol the client speaks: router, request hooks, server, response hooks, answer,
 * log. Each HTTP/1.1 connection has one and uses it again, as a stream of another protocol may.
 *
 * The client's side begins it once `exchange` and its request body have begun, passes the body to `forward` when it is told to, and
 * ends it when the answer is out, or when it is not to be had any more (`abandon`).
 */
export class ExchangeRun implements HookOutcome, ForwardOutcome {
  exchangeNumber = 0;
  /** Some of a server's response has been sent to the client: nothing else can be answered any more. */
  isResponding = false;
  readonly forward: Forward;
  readonly #engine: Engine;
  readonly #client: ClientSide;
  readonly #exchange: HttpExchange;
  readonly #path = new RouterPath();

  constructor(engine: Engine, entryPointName: string, client: ClientSide) {
    this.#engine = engine;
    this.#client = client;
    this.#exchange = client.exchange;
    this.forward = new Forward(engine, client, this);
    if (engine.access !== null) {
      this.#exchange.log = new ExchangeLog(engine.access, entryPointName, this.#exchange, this.#path);
    }
  }

  /** Runs a request that came in on the entry point with this bit. `failure` is what is wrong with it, as far as its head tells. */
  begin(entryPointBit: number, failure: Failure | undefined): void {
    const exchange = this.#exchange;
    this.exchangeNumber++;
    this.isResponding = false;
    const found = failure ?? findRouter(this.#engine.routes, entryPointBit, exchange, !this.#client.requestBody.isDone);
    if ("code" in found) {
      this.onForwardFailed(found);
      return;
    }
    this.#path.begin(found);
    const last = replyAsLast(exchange);
    if (last !== undefined) this.#answer(last, 0);
    else runRequestHooks(this.#path.hooks, 0, exchange, this);
  }

  /** The exchange will not end well: whoever waits for it is told, and the client answered. Not once it `isResponding`. */
  giveUp(failure: Failure): void {
    this.forward.cancel();
    this.#fail(failure);
  }

  /** Whether what is under way would still be routed as it was. */
  get isStillRouted(): boolean {
    return this.#path.isCurrent(this.#engine.routes);
  }

  /** There is nobody to answer any more: what is under way comes to nothing. */
  abandon(): void {
    this.exchangeNumber++;
    this.forward.cancel();
  }

  /** What came could not be read as a request, and is answered without an exchange. */
  unread(failure: Failure): void {
    const { status } = replyTo(failure);
    this.#count(status);
    this.#exchange.log?.unread(failure);
  }

  /** Whether the client waits for word to send its body: after a final answer nobody knows whether it will (RFC 9110 §10.1.1). */
  get awaitsContinue(): boolean {
    const { requestBody, exchange } = this.#client;
    return !requestBody.isDone && !requestBody.hasBegun && exchange.expectsContinue;
  }

  /** Whose fault it is that nothing of a response has come. */
  whoStalls(): Failure {
    const awaitsBody = !this.#client.requestBody.isDone && !this.forward.isBlocked && !this.awaitsContinue;
    return awaitsBody ? FAILURES.BodyTimeout : FAILURES.UpstreamTimeout;
  }

  /** The exchange is over; harmless when it is already. */
  end(): void {
    this.#exchange.end();
    this.#path.clear();
  }

  // --- what request hooks say ---

  onPassed(): void {
    const passed = this.#path.hooks.length;
    const next = this.#path.next(this.#engine.routes, this.#exchange);
    if (next === null) runRequestHooks(this.#path.hooks, passed, this.#exchange, this);
    else if ("code" in next) this.onForwardFailed(next);
    else this.forward.start(next);
  }

  onReply(reply: Reply, position: number): void {
    this.#answer(reply, position);
  }

  onHookFailed(failure: Failure, position: number): void {
    this.#exchange.trail.failure = failure;
    this.#answer(replyTo(failure), position);
  }

  // --- what comes of forwarding ---

  onResponseHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void {
    if (!this.#runResponseHooks(bytes, head)) return;
    this.isResponding = true;
    this.#client.sendHead(bytes, head, framing);
  }

  onForwarded(): void {
    this.#exchange.trail.isAnswered = true;
    this.#afterAnswer();
  }

  onSwitching(connection: ClientConnection, bytes: Buffer, head: ResponseHead, start: number, end: number): void {
    if (!this.#runResponseHooks(bytes, head)) {
      connection.abort();
      return;
    }
    this.#exchange.trail.isAnswered = true;
    this.#client.sendSwitching(connection, bytes, head, start, end);
  }

  onForwardFailed(failure: Failure): void {
    if (!this.isResponding) {
      this.#fail(failure);
      return;
    }
    this.#exchange.trail.failure = failure;
    this.#client.cutShort();
  }

  // --- the answer ---

  #fail(failure: Failure): void {
    this.#exchange.trail.failure = failure;
    this.#client.onFailing(failure);
    this.#answer(replyTo(failure), this.#path.hooks.length);
  }

  /** Answers the request in hand ourselves, through the response hooks of the first `count` middlewares. */
  #answer(given: Reply, count: number): void {
    const exchange = this.#exchange;
    exchange.attachReply(given);
    runResponseHooks(this.#path.hooks, count, exchange);
    exchange.detachResponse();
    const reply = exchange.responseEdits.isBeyond ? replyTo(FAILURES.TooManyEdits) : given;
    if (reply !== given) exchange.responseEdits.clear();
    exchange.status = reply.status;
    exchange.log?.replied(reply);
    this.#count(reply.status);
    exchange.trail.responseBytes = this.#client.sendReply(reply);
    exchange.trail.isAnswered = true;
    this.#afterAnswer();
  }

  #afterAnswer(): void {
    this.exchangeNumber++;
    this.#client.onAnswered();
  }

  /** False when the head cannot be what hooks want it to be: that is answered in its place. */
  #runResponseHooks(bytes: Buffer, head: ResponseHead): boolean {
    const exchange = this.#exchange;
    const { hooks } = this.#path;
    exchange.status = head.status;
    if (hooks.length > 0) {
      exchange.attachResponse(bytes, head);
      runResponseHooks(hooks, hooks.length, exchange);
      exchange.detachResponse();
      if (exchange.responseEdits.isBeyond) {
        exchange.responseEdits.clear();
        this.giveUp(FAILURES.TooManyEdits);
        return false;
      }
    }
    exchange.log?.answered(bytes, head);
    this.#count(head.status);
    return true;
  }

  #count(status: number): void {
    this.#engine.counters.add(requestCounter(Math.min(Math.max(status, 100), 599)), 1);
  }
}
