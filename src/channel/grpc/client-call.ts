import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type SecureClientSessionOptions,
} from "node:http2";
import { lengthPrefixed, MessageReader } from "./message-reader.ts";
import { CONTENT_TYPE, failureOf, isGrpc } from "./status.ts";

/** Most messages that wait for an end that does not take them. */
const WAITING_MAX = 1_000;

export interface ClientCallOptions {
  /** Scheme, host and port. */
  readonly url: string;
  /** The method called: `/package.Service/Method`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly session: SecureClientSessionOptions;
  /** Largest message that is taken, in bytes. */
  readonly bytesMax: number;
  /** A message has come. What it throws ends the call. */
  readonly onMessage: (message: Uint8Array<ArrayBuffer>) => void;
}

/**
 * The calling end of a gRPC call that streams both ways, over a connection of its own that lives no longer than the call. Whatever is
 * at the other end, and says whatever it may (the address of a Pod that is gone is soon another's), its errors are those of the call.
 */
export class ClientCall {
  readonly #options: ClientCallOptions;
  /** What is said before the connection stands; null once it does. */
  #early: Buffer[] | null = [];
  #waiting = 0;
  #session: ClientHttp2Session | null = null;
  #stream: ClientHttp2Stream | null = null;
  #hasEnded = false;
  #failure: Error | null = null;

  constructor(options: ClientCallOptions) {
    this.#options = options;
  }

  /** Whether everything said is on its way. */
  get isFlushed(): boolean {
    return this.#waiting === 0;
  }

  /** Sends a message; false when the other end takes none, or the call has ended. */
  send(message: Uint8Array): boolean {
    if (this.#hasEnded || this.#waiting >= WAITING_MAX) return false;
    const framed = lengthPrefixed(message);
    this.#waiting += 1;
    if (this.#early !== null) this.#early.push(framed);
    else this.#write(framed);
    return true;
  }

  /** Calls. Resolves when the other end is through, rejects with why it could not be. */
  async run(): Promise<void> {
    try {
      const { path, headers } = this.#options;
      const session = await this.#connect();
      const common = { ":method": "POST", ":path": path, "content-type": CONTENT_TYPE, te: "trailers" };
      const stream = session.request({ ...common, ...headers }, { endStream: false });
      this.#stream = stream;
      const closed = this.#follow(stream);
      for (const framed of this.#early ?? []) this.#write(framed);
      this.#early = null;
      await closed;
    } finally {
      this.end();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Ends the call, and its connection, at once. */
  end(): void {
    this.#hasEnded = true;
    this.#session?.destroy(undefined, constants.NGHTTP2_CANCEL);
  }

  async #connect(): Promise<ClientHttp2Session> {
    if (this.#hasEnded) throw new Error("the call has ended");
    const session = connect(new URL(this.#options.url).origin, this.#options.session);
    this.#session = session;
    session.on("error", (error) => this.#fail(error));
    if (session.connecting) await Promise.race([once(session, "connect"), once(session, "close")]);
    if (session.destroyed) throw this.#failure ?? new Error("the connection closed before it stood");
    return session;
  }

  /** Resolves when the stream is closed. */
  #follow(stream: ClientHttp2Stream): Promise<void> {
    const reader = new MessageReader(this.#options.bytesMax);
    stream.on("error", (error) => this.#fail(error));
    stream.once("response", (headers) => this.#check(headers));
    stream.once("trailers", (trailers) => this.#checkStatus(trailers));
    stream.on("data", (piece: Uint8Array) => {
      try {
        for (const message of reader.read(piece)) if (!this.#hasEnded) this.#options.onMessage(message);
      } catch (error) {
        this.#fail(error as Error);
        this.end();
      }
    });
    return new Promise((resolve) => stream.once("close", resolve));
  }

  #check(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const { ":status": status, "content-type": contentType } = headers;
    if (status !== 200 || !isGrpc(contentType)) {
      this.#fail(new Error(`an answer that is none of gRPC: status ${status}, content type ${contentType ?? "unknown"}`));
      this.end();
    } else this.#checkStatus(headers);
  }

  #checkStatus(trailers: IncomingHttpHeaders): void {
    const failure = failureOf(trailers);
    if (failure !== null) this.#fail(new Error(failure));
  }

  #write(framed: Buffer): void {
    this.#stream?.write(framed, () => {
      this.#waiting -= 1;
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
  }
}
