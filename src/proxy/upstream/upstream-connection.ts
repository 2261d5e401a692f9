import type { Buffer } from "node:buffer";
import type { Failure } from "../../model/failure.ts";
import type { ResponseSink } from "../http1/client-connection.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import type { ForwardedText } from "../http1/forwarded.ts";
import type { Trailers } from "../http1/trailers.ts";

/**
 * What carries one request at a time to a server: a connection, or a stream of one. What is put is put together in `out`, or beside it,
 * and leaves with `flush`.
 */
export interface UpstreamConnection {
  /** Requests were sent before on the connection: it may have gone stale since. */
  readonly isReused: boolean;
  /** It may be given back once its response is complete. */
  readonly isReusable: boolean;
  /** A request may have been left alone by the server, which then says so: what was sent of it is worth keeping. */
  readonly mayRefuse: boolean;
  /** Bytes of the request that have not left yet. */
  readonly queuedBytes: number;
  /** Takes a request. */
  begin(sink: ResponseSink, method: string, asksUpgrade: boolean): void;
  /** The head. `host` replaces the client's when it is not "". `isWhole`: no body comes but what is put before the next `flush`. */
  putHead(exchange: HttpExchange, host: string, forwarded: ForwardedText, isWhole: boolean): void;
  /** A piece of the body; borrowed. `isChunked`: its length was not told. */
  putData(bytes: Buffer, start: number, end: number, isChunked: boolean): void;
  /** The body is complete. */
  putEnd(exchange: HttpExchange, trailers: Trailers | null, isChunked: boolean): void;
  /** False: the server wants to wait before it takes more. */
  flush(): boolean;
  /** Reads on after an `onReadEnd` that returned false. */
  resume(): void;
  /** Ends it; nobody is told any more. */
  close(): void;
  /** Ends it so that the server sees that what it got is not whole. */
  abort(): void;
}

/** Someone who needs a connection and could not have one at once. Exactly one of the two is called, unless `leave` comes first. */
export interface Waiter {
  onConnection(connection: UpstreamConnection): void;
  onNoConnection(failure: Failure): void;
}

/** The connections of one worker to one server. */
export interface Pool {
  readonly address: string;
  readonly port: number;
  /** Address and port, as logs show them. */
  readonly name: string;
  /** Connections that stand or are being made. */
  readonly open: number;
  /** Those that nobody uses. */
  readonly idle: number;
  /** Requests that wait for one. */
  readonly waiting: number;
  /** Something to send a request on at once; null when there is nothing. `isChecked`: the request cannot be sent twice. `upgrades`: it asks for a tunnel. */
  takeIdle(isChecked?: boolean, upgrades?: boolean): UpstreamConnection | null;
  /** Asks for a connection that `waiter` is told of later; returns why it cannot be had. */
  wait(waiter: Waiter, upgrades?: boolean): Failure | undefined;
  /** `waiter` no longer wants a connection. */
  leave(waiter: Waiter): void;
  /** Takes back what carried a request whose response is complete. */
  release(connection: UpstreamConnection): void;
  /** The server has left every service: nothing new comes, and connections close as they fall idle. */
  retire(): void;
}
