import type { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { COUNTER, requestCounter } from "../../telemetry/worker-counters.ts";
import type { ByteSocket } from "../listen/byte-socket.ts";
import type { ClientResponse } from "../pipeline/client-side.ts";
import type { Engine } from "../pipeline/engine.ts";
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
import type { Trailers } from "./trailers.ts";

/** Sends responses on one client connection, and knows whether the client takes them. */
export class ResponseRelay implements ClientResponse {
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
    // Who has been told to send its body will send it.
    if (head.status === 100) this.#exchange.expectsContinue = false;
    if (this.#exchange.minor === 1) writeInformational(this.#exchange, bytes, head);
  }

  /** A server's final head. `closes`: the connection ends after the response. */
  head(bytes: Buffer, head: ResponseHead, framing: ClientFraming, closes: boolean): void {
    this.#framing = framing;
    writeResponseHead(this.#exchange, bytes, head, framing, closes, this.#engine.deadlines.date);
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#exchange.trail.responseBytes += end - start;
    if (this.#framing === "chunked") out.chunk(bytes, start, end);
    else out.slice(bytes, start, end);
  }

  /** Trailers go to a client that asked for them, after chunks; in every other framing there is no place for them. */
  finish(trailers: Trailers | null): void {
    if (this.#framing === "chunked") {
      out.text("0\r\n");
      if (trailers !== null && this.#exchange.takesTrailers) trailers.write(this.#exchange.responseEdits);
      out.text("\r\n");
    }
    this.flush();
  }

  /** A server's 101. */
  switching(bytes: Buffer, head: ResponseHead): void {
    writeSwitching(this.#exchange, bytes, head);
    this.flush();
  }

  /** An answer of our own, whole; returns the bytes of its body. */
  reply(reply: Reply, closes: boolean): number {
    const length = writeReply(this.#exchange, reply, closes, this.#engine.deadlines.date);
    this.flush();
    return length;
  }

  /** Answers what could not be read as a request. */
  bare(reply: Reply): void {
    this.#engine.counters.add(requestCounter(reply.status), 1);
    writeBareReply(reply, this.#engine.deadlines.date);
    this.flush();
  }

  /** Sends what was put together; false while the client wants to wait. */
  flush(): boolean {
    this.#engine.counters.add(COUNTER.bytesOut, out.length);
    if (!out.sendTo(this.#bytes)) this.isBlocked = true;
    return !this.isBlocked;
  }
}
