import type { Buffer } from "node:buffer";
import type { Hooks } from "../../extensions/middlewares/contract.ts";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES } from "../../model/failure.ts";
import { COUNTER, requestCounter } from "../../telemetry/worker-counters.ts";
import type { ByteSocket } from "../listen/byte-socket.ts";
import type { Engine } from "../pipeline/engine.ts";
import { runResponseHooks } from "../pipeline/hooks.ts";
import { replyTo } from "../pipeline/reply.ts";
import type { HttpExchange } from "./exchange.ts";
import { out } from "./out-buffer.ts";
import type { ResponseHead } from "./response-parser.ts";
import {
  type ClientFraming,
  writeBareReply,
  writeInformational,
  writeReply,
  writeResponseHead,
  writeSwitching,
} from "./response-writer.ts";

/** Sends responses on one client connection, through response hooks, and knows whether the client takes them. */
export class ResponseRelay {
  /** The client's socket asked to wait for its drain. */
  isBlocked = false;
  readonly #engine: Engine;
  readonly #exchange: HttpExchange;
  readonly #bytes: ByteSocket;
  #framing: ClientFraming = "none";

  constructor(engine: Engine, exchange: HttpExchange, bytes: ByteSocket) {
    this.#engine = engine;
    this.#exchange = exchange;
    this.#bytes = bytes;
  }

  /** HTTP/1.0 knows no informational responses: such a client gets none. */
  informational(bytes: Buffer, head: ResponseHead): void {
    if (this.#exchange.minor === 1) writeInformational(this.#exchange, bytes, head);
  }

  /** False when the head cannot be what hooks want it to be: nothing is sent. */
  begin(bytes: Buffer, head: ResponseHead, framing: ClientFraming, hooks: readonly Hooks[], closes: boolean): boolean {
    this.#framing = framing;
    if (!this.#runHooks(bytes, head, hooks)) return false;
    writeResponseHead(this.#exchange, bytes, head, framing, closes, this.#engine.deadlines.date);
    return true;
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#exchange.trail.responseBytes += end - start;
    if (this.#framing === "chunked") out.chunk(bytes, start, end);
    else out.slice(bytes, start, end);
  }

  finish(): void {
    if (this.#framing === "chunked") out.text("0\r\n\r\n");
    this.#exchange.trail.isAnswered = true;
    this.flush();
  }

  /** False as of `begin`. */
  switching(bytes: Buffer, head: ResponseHead, hooks: readonly Hooks[]): boolean {
    if (!this.#runHooks(bytes, head, hooks)) return false;
    writeSwitching(this.#exchange, bytes, head);
    this.#exchange.trail.isAnswered = true;
    this.flush();
    return true;
  }

  /** Answers ourselves, through the response hooks of the first `count` of `hooks`. */
  reply(given: Reply, hooks: readonly Hooks[], count: number, closes: boolean): void {
    const exchange = this.#exchange;
    exchange.attachReply(given);
    runResponseHooks(hooks, count, exchange);
    exchange.detachResponse();
    const reply = exchange.responseEdits.isBeyond ? replyTo(FAILURES.TooManyEdits) : given;
    if (reply !== given) exchange.responseEdits.clear();
    exchange.status = reply.status;
    this.#count(reply.status);
    exchange.trail.responseBytes = writeReply(exchange, reply, closes, this.#engine.deadlines.date);
    exchange.trail.isAnswered = true;
    this.flush();
  }

  /** Answers what could not be read as a request. */
  bare(reply: Reply): void {
    this.#count(reply.status);
    writeBareReply(reply, this.#engine.deadlines.date);
    this.flush();
  }

  /** Sends what was put together; false while the client wants to wait. */
  flush(): boolean {
    this.#engine.counters.add(COUNTER.bytesOut, out.length);
    if (!out.sendTo(this.#bytes)) this.isBlocked = true;
    return !this.isBlocked;
  }

  #runHooks(bytes: Buffer, head: ResponseHead, hooks: readonly Hooks[]): boolean {
    const exchange = this.#exchange;
    exchange.status = head.status;
    if (hooks.length > 0) {
      exchange.attachResponse(bytes, head);
      runResponseHooks(hooks, hooks.length, exchange);
      exchange.detachResponse();
      if (exchange.responseEdits.isBeyond) {
        exchange.responseEdits.clear();
        return false;
      }
    }
    this.#count(head.status);
    return true;
  }

  #count(status: number): void {
    this.#engine.counters.add(requestCounter(Math.min(Math.max(status, 100), 599)), 1);
  }
}
