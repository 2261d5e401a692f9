import type { Buffer } from "node:buffer";
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import { FAILURES, type Failure } from "../../model/failure.ts";
import type { ResponseSink } from "../http1/client-connection.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import type { ForwardedText } from "../http1/forwarded.ts";
import { INFORMATIONAL_MAX } from "../http1/limits.ts";
import { out } from "../http1/out-buffer.ts";
import { ResponseHead } from "../http1/response-parser.ts";
import { isTrailerField, type Trailers } from "../http1/trailers.ts";
import type { UpstreamConnection } from "../upstream/upstream-connection.ts";
import { requestFields } from "./request-fields.ts";
import { HEAD_TEXT, readTrailerBlock } from "./request-head.ts";
import { asObject, type FieldList, trailerFields } from "./response-fields.ts";
import { framingOf, readResponseBlock } from "./response-head.ts";

/** The head in hand. Read synchronously, so that one serves all streams of a worker. */
const head = new ResponseHead();

/** One request to an HTTP/2 server, on a stream of its own. */
export class ClientStream implements UpstreamConnection {
  readonly mayRefuse = true;
  readonly isReused: boolean;
  readonly #session: ClientHttp2Session;
  readonly #scheme: string;
  readonly #onGone: () => void;
  #stream: ClientHttp2Stream | null = null;
  #sink: ResponseSink | null = null;
  #fields: FieldList | null = null;
  #method = "";
  /** No more of the request comes. */
  #isWhole = false;
  #hasTrailers = false;
  #informational = 0;
  #responseBegun = false;
  #trailers: readonly string[] | null = null;

  /** `onGone` is called once, when its place on the connection is free. */
  constructor(session: ClientHttp2Session, scheme: string, isReused: boolean, onGone: () => void) {
    this.#session = session;
    this.#scheme = scheme;
    this.isReused = isReused;
    this.#onGone = onGone;
  }

  get isReusable(): boolean {
    return true;
  }

  get queuedBytes(): number {
    return this.#stream?.bufferSize ?? 0;
  }

  begin(sink: ResponseSink, method: string, _asksUpgrade: boolean): void {
    this.#sink = sink;
    this.#method = method;
  }

  putHead(exchange: HttpExchange, host: string, forwarded: ForwardedText, isWhole: boolean): void {
    this.#hasTrailers = !isWhole && announcesTrailers(exchange);
    this.#isWhole = isWhole;
    this.#fields = requestFields(exchange, host, forwarded, this.#scheme);
  }

  putData(bytes: Buffer, start: number, end: number): void {
    out.slice(bytes, start, end);
  }

  putEnd(exchange: HttpExchange, trailers: Trailers | null): void {
    this.#isWhole = true;
    if (!this.#hasTrailers) return;
    const fields = trailers === null ? {} : asObject(trailerFields(exchange.requestEdits, trailers));
    const stream = this.#stream;
    stream?.once("wantTrailers", () => stream.sendTrailers(fields));
  }

  flush(): boolean {
    const data = out.length > 0 ? out.copyFrom(0) : null;
    out.clear();
    const stream = this.#stream ?? this.#open(this.#isWhole && data === null);
    if (stream === null || stream.destroyed || stream.writableEnded) return true;
    const goesOn = data === null || stream.write(data);
    if (this.#isWhole) stream.end();
    return goesOn;
  }

  resume(): void {
    this.#stream?.resume();
  }

  close(): void {
    this.abort();
  }

  abort(): void {
    this.#sink = null;
    if (this.#stream === null) this.#onGone();
    else this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #open(endStream: boolean): ClientHttp2Stream | null {
    if (this.#session.destroyed || this.#session.closed) {
      // Whoever sends is not to be told while it does.
      setImmediate(() => this.#end(FAILURES.UpstreamClosed, true));
      return null;
    }
    const fields = this.#fields as unknown as OutgoingHttpHeaders;
    const stream = this.#session.request(fields, { endStream, waitForTrailers: this.#hasTrailers });
    this.#stream = stream;
    stream.on("headers", (_fields, _flags, block) => this.#onInformational(block as unknown as string[]));
    stream.on("response", (_fields, flags, block) => this.#onResponse(block as unknown as string[], flags));
    stream.on("data", (data: Buffer) => this.#onData(data));
    stream.on("trailers", (_fields, _flags, block) => {
      this.#trailers = block as unknown as string[];
    });
    stream.on("end", () => this.#onEnd());
    stream.on("drain", () => this.#sink?.onDrain());
    // The close event follows, and says all that matters.
    stream.on("error", ignore);
    stream.on("close", () => this.#onClose(stream));
    return stream;
  }

  #onInformational(block: readonly string[]): void {
    if (++this.#informational > INFORMATIONAL_MAX || !readResponseBlock(block, head) || head.status === 101) this.#refuse();
    else this.#sink?.onInformational(HEAD_TEXT, head);
  }

  #onResponse(block: readonly string[], flags: number): void {
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const framing = readResponseBlock(block, head) && head.status >= 200 ? framingOf(head, this.#method, isWhole) : null;
    if (framing === null) {
      this.#refuse();
      return;
    }
    this.#responseBegun = true;
    this.#sink?.onHead(HEAD_TEXT, head, framing);
    this.#tellReadEnd();
  }

  #onData(data: Buffer): void {
    this.#sink?.onBody(data, 0, data.length);
    this.#tellReadEnd();
  }

  #tellReadEnd(): void {
    if (this.#sink !== null && !this.#sink.onReadEnd()) this.#stream?.pause();
  }

  #onEnd(): void {
    // A stream that is reset ends, too; its close follows.
    if (this.#stream?.rstCode !== constants.NGHTTP2_NO_ERROR || !this.#responseBegun) return;
    const sink = this.#sink;
    this.#sink = null;
    sink?.onComplete(this.#trailers === null ? null : readTrailerBlock(this.#trailers));
  }

  #onClose(stream: ClientHttp2Stream): void {
    // RFC 9113 §8.7: refused means that nothing was done about it.
    this.#end(FAILURES.UpstreamClosed, stream.rstCode === constants.NGHTTP2_REFUSED_STREAM);
  }

  /** The server broke the protocol. */
  #refuse(): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#stream?.close(constants.NGHTTP2_PROTOCOL_ERROR);
    sink?.onFailed(FAILURES.UpstreamMalformed);
  }

  #end(failure: Failure, wasRefused: boolean): void {
    this.#onGone();
    const sink = this.#sink;
    this.#sink = null;
    sink?.onFailed(this.#responseBegun ? FAILURES.UpstreamAborted : failure, wasRefused && !this.#responseBegun);
  }
}

function announcesTrailers(exchange: HttpExchange): boolean {
  const request = exchange.head;
  for (let field = 0; field < request.count; field++) if (isTrailerField(exchange.bytes, request, field)) return true;
  return false;
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
