import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { bareHost } from "../bare-host.ts";
import { lengthPrefixed, MessageReader } from "./messages.ts";
import { CONTENT_TYPE, failureOf, isGrpc } from "./status.ts";

/** Most messages that wait for an end that does not take them. */
const WAITING_MAX = 1_000;

export interface ClientCallOptions {
  /** Scheme, host and port. */
  readonly url: string;
  /** The method called: `/package.Service/Method`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What a secure connection takes beside. */
  readonly tls: ConnectionOptions;
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
  #socket: Socket | null = null;
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
    // Its session would wait for a connection that is still to come, and may never come, before it lets go.
    this.#socket?.destroy();
  }

  async #connect(): Promise<ClientHttp2Session> {
    if (this.#hasEnded) throw new Error("the call has ended");
    const url = new URL(this.#options.url);
    const socket = this.#open(url);
    this.#socket = socket;
    const session = connect(url.origin, { createConnection: () => socket });
    session.on("error", (error) => this.#fail(error));
    if (session.connecting) await Promise.race([once(session, "connect"), once(session, "close")]);
    if (session.destroyed) throw this.#failure ?? new Error("the connection closed before it stood");
    return session;
  }

  #open(url: URL): Socket {
    const host = bareHost(url);
    const { protocol, port } = url;
    if (protocol === "http:") return connectTcp({ host, port: Number(port || 80) });
    const servername = isIP(host) === 0 ? host : "";
    return connectTls({ servername, ...this.#options.tls, host, port: Number(port || 443), ALPNProtocols: ["h2"] });
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
    // The other end is through, and with it the call, whatever there was still to say.
    stream.once("end", () => this.end());
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
