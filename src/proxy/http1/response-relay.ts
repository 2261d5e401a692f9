import type { Buffer } from "node:buffer";
import type { Hooks } from "../../extensions/middlewares/contract.ts";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { COUNTER, requestCounter } from "../../telemetry/worker-counters.ts";
import type { ByteSocket } from "../listen/byte-socket.ts";
import type { Engine } from "../pipeline/engine.ts";
import { runResponseHooks } from "../pipeline/hooks.ts";
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

  begin(bytes: Buffer, head: ResponseHead, framing: ClientFraming, hooks: readonly Hooks[], closes: boolean): void {
    this.#framing = framing;
    this.#runHooks(bytes, head, hooks);
    writeResponseHead(this.#exchange, bytes, head, framing, closes, this.#engine.deadlines.date);
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#framing === "chunked") out.chunk(bytes, start, end);
    else out.slice(bytes, start, end);
  }

  finish(): void {
    if (this.#framing === "chunked") out.text("0\r\n\r\n");
    this.flush();
  }

  switching(bytes: Buffer, head: ResponseHead, hooks: readonly Hooks[]): void {
    this.#runHooks(bytes, head, hooks);
    writeSwitching(this.#exchange, bytes, head);
    this.flush();
  }

  /** Answers ourselves, through the response hooks of the first `count` of `hooks`. */
  reply(reply: Reply, hooks: readonly Hooks[], count: number, closes: boolean): void {
    const exchange = this.#exchange;
    exchange.attachReply(reply);
    runResponseHooks(hooks, count, exchange);
    exchange.detachResponse();
    this.#count(reply.status);
    writeReply(exchange, reply, closes, this.#engine.deadlines.date);
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

  #runHooks(bytes: Buffer, head: ResponseHead, hooks: readonly Hooks[]): void {
    this.#count(head.status);
    this.#exchange.status = head.status;
    if (hooks.length === 0) return;
    this.#exchange.attachResponse(bytes, head);
    runResponseHooks(hooks, hooks.length, this.#exchange);
    this.#exchange.detachResponse();
  }

  #count(status: number): void {
    this.#engine.counters.add(requestCounter(Math.min(Math.max(status, 100), 599)), 1);
  }
}
