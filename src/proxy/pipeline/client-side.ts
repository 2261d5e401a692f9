import type { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import type { Failure } from "../../model/failure.ts";
import type { ClientConnection } from "../http1/client-connection.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import type { RequestBody } from "../http1/request-body.ts";
import type { ResponseFraming, ResponseHead } from "../http1/response-parser.ts";
import type { Trailers } from "../http1/trailers.ts";

/** Where a response goes but for its head. Bytes are borrowed. */
export interface ClientResponse {
  informational(bytes: Buffer, head: ResponseHead): void;
  data(bytes: Buffer, start: number, end: number): void;
  /** The response is complete: what is left of it is sent now, with those of the trailers that pass the exchange's edits. */
  finish(trailers: Trailers | null): void;
  /** Sends what was put together; false when the client wants to wait. */
  flush(): boolean;
}

/**
 * The client's end of an exchange, whatever protocol it speaks: what `ExchangeRun` and its `Forward` ask of a connection, or of a
 * stream of one. Bytes and heads are borrowed.
 */
export interface ClientSide {
  readonly exchange: HttpExchange;
  readonly requestBody: RequestBody;
  readonly response: ClientResponse;
  /** The request head is put together for a server: what comes of the body is for `Forward.sendData` and `sendEnd`, then `flush`. */
  onForwarding(): void;
  /** The request has to be sent once more, and waits for a connection: nothing of its body is to be read meanwhile. */
  onHeld(): void;
  /** The server takes more of the request body. */
  onUpstreamReady(): void;
  /** The server has sent something whole, or some of a body. */
  onProgress(): void;
  /** The final head of a server, with the exchange's edits to be applied. `response` gets the rest. */
  sendHead(bytes: Buffer, head: ResponseHead, framing: ResponseFraming): void;
  /** An answer of our own, whole, with the exchange's edits to be applied; sent at once. Returns the bytes of its body. */
  sendReply(reply: Reply): number;
  /** The server agreed to a tunnel, and `connection` is to be one end of it; `bytes[start, end)` came after its head. */
  sendSwitching(connection: ClientConnection, bytes: Buffer, head: ResponseHead, start: number, end: number): void;
  /** The request failed, and its answer follows. */
  onFailing(failure: Failure): void;
  /** The client has its whole answer: on with what comes next, which begins with `ExchangeRun.end`. */
  onAnswered(): void;
  /** The rest of the response will not come: what the client has of it must not look whole. */
  cutShort(): void;
}
