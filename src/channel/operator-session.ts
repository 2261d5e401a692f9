import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type SecureClientSessionOptions } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";

type Request = Http2SessionManager["request"];

/**
 * The HTTP/2 connection of one stream to an operator, which lives no longer than the stream does. Whatever is at the other end, and
 * says whatever it may (the address of a Pod that is gone is soon another's), its errors are those of the request: a session tells
 * some of them twice, and the second time Connect's own manager no longer listens, which would end the process.
 */
export class OperatorSession implements Pick<Http2SessionManager, "request" | "notifyResponseByteRead"> {
  readonly authority: string;
  readonly #options: SecureClientSessionOptions;
  #session: ClientHttp2Session | null = null;
  #hasEnded = false;

  constructor(url: string, options: SecureClientSessionOptions) {
    this.authority = new URL(url).origin;
    this.#options = options;
  }

  /** Connects, and sends the one request. Rejects when there is no connection. */
  async request(...[method, path, headers, options]: Parameters<Request>): Promise<ClientHttp2Stream> {
    if (this.#hasEnded) throw new Error("the stream has ended");
    const session = connect(this.authority, this.#options);
    this.#session = session;
    let failure: Error | undefined;
    session.on("error", (error) => {
      failure ??= error;
    });
    if (session.connecting) await Promise.race([once(session, "connect"), once(session, "close")]);
    if (session.destroyed) throw failure ?? new Error("the connection closed before it stood");
    return session.request({ ...headers, ":method": method, ":path": path }, options);
  }

  /** The channel's own heartbeats tell whether the operator lives. */
  notifyResponseByteRead(): void {}

  /** Ends the connection at once. */
  end(): void {
    this.#hasEnded = true;
    this.#session?.destroy(undefined, constants.NGHTTP2_CANCEL);
  }
}
