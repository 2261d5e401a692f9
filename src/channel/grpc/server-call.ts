import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { BadMessage, MessageReader } from "./messages.ts";
import { CONTENT_TYPE, isGrpc, Status, statusTrailers } from "./status.ts";

/** What the one who takes a call wants to hear of it. */
export interface ServerCallListener {
  /** A message has come. Throws when it is none. */
  readonly onMessage: (message: Uint8Array) => void;
  /** The caller says no more. */
  readonly onEnd: () => void;
  /** There is room for more again. */
  readonly onRoom: () => void;
  /** It is gone, however that came. */
  readonly onClosed: () => void;
}

/** The called end of a gRPC call that streams both ways: one HTTP/2 stream. */
export class ServerCall {
  readonly #stream: ServerHttp2Stream;

  /** `stream`: one whose request `refuse` had nothing against. */
  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  /** Whether nobody is there any more. */
  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** Whether more may be sent now; else `onRoom` says when. */
  get hasRoom(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  /** Reads messages of up to `bytesMax` bytes from now on. */
  read(bytesMax: number, { onMessage, onEnd, onRoom, onClosed }: ServerCallListener): void {
    const reader = new MessageReader(bytesMax);
    this.#stream.once("close", onClosed);
    this.#stream.on("drain", onRoom);
    this.#stream.on("end", onEnd);
    this.#stream.on("data", (piece: Uint8Array) => {
      try {
        for (const message of reader.read(piece)) onMessage(message);
      } catch (error) {
        this.#stream.removeAllListeners("data").resume();
        this.end(error instanceof BadMessage ? error.status : Status.INVALID_ARGUMENT, (error as Error).message);
        onEnd();
      }
    });
  }

  /** Sends a message that has its length before it, if anybody is still there. Never throws. */
  send(framed: Uint8Array): void {
    if (this.isGone || !this.#stream.writable) return;
    this.#answer();
    this.#stream.write(framed);
  }

  /** Ends the call after what was sent; the first status counts. */
  end(status: Status = Status.OK, reason = ""): void {
    if (this.isGone || !this.#stream.writable) return;
    this.#answer();
    this.#stream.once("wantTrailers", () => {
      this.#stream.sendTrailers(statusTrailers(status, reason));
      // The answer is whole; a caller that goes on is asked to stop (RFC 9113 §8.1).
      setImmediate(() => this.cut());
    });
    this.#stream.end();
  }

  /** Ends the call at once. */
  cut(): void {
    this.#stream.close();
  }

  #answer(): void {
    if (!this.#stream.headersSent)
      this.#stream.respond({ ":status": 200, "content-type": CONTENT_TYPE }, { waitForTrailers: true });
  }
}

/** Answers a request that is no call of `path`; whether it is none. */
export function refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string): boolean {
  // Whoever called sees why; the connection is another matter.
  stream.on("error", () => {});
  if (headers[":method"] !== "POST" || !isGrpc(headers["content-type"])) {
    stream.respond({ ":status": 415 }, { endStream: true });
    return true;
  }
  if (headers[":path"] === path) return false;
  const trailers = statusTrailers(Status.UNIMPLEMENTED, `there is no ${headers[":path"] ?? ""}`);
  stream.respond({ ":status": 200, "content-type": CONTENT_TYPE, ...trailers }, { endStream: true });
  return true;
}
