import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Broken } from "./acceptances.ts";
import { ResponseReader, type WireResponse } from "./response-reader.ts";
import { soakMs } from "./soak-clock.ts";

/** No answer takes as long, unless its worker hangs. */
const ANSWER_TIMEOUT_MS = 60_000;

/** A connection that broke, and how. */
export class ConnectionBroken extends Error {
  readonly broken: Broken;

  constructor(what: string, broken: Broken) {
    super(what);
    this.broken = broken;
  }
}

/** One client connection to the proxy, plaintext or TLS: bytes are written as given, answers are taken in order. */
export class WireConnection {
  readonly openedMs = soakMs();
  readonly #entryPort: number;
  readonly #socket: Socket;
  /** What is under TLS; else the socket itself. */
  readonly #tcp: Socket;
  readonly #reader = new ResponseReader();
  #clientPort = 0;
  #broken: ConnectionBroken | null = null;
  #announcesClose = false;
  #pausesMs = 0;
  #wake: () => void = () => {};

  /** Rejects with ConnectionBroken. */
  static async open(port: number, isTls = false): Promise<WireConnection> {
    const connection = new WireConnection(port, isTls);
    await connection.#until((socket) => (isTls ? (socket as TLSSocket).alpnProtocol !== null : !socket.connecting));
    return connection;
  }

  private constructor(port: number, isTls: boolean) {
    this.#entryPort = port;
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    tcp.once("connect", () => {
      this.#clientPort = tcp.localPort ?? 0;
      if (!isTls) this.#wake();
    });
    this.#tcp = tcp;
    if (isTls) tcp.on("error", (error) => this.#break(error.message));
    this.#socket = isTls ? connectTls({ socket: tcp, rejectUnauthorized: false, servername: "soak.test" }) : tcp;
    this.#socket.once("secureConnect", () => this.#wake());
    this.#socket.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#socket.on("error", (error) => this.#break(error.message));
    this.#socket.on("end", () => this.#break("closed by the proxy"));
    this.#socket.on("close", () => this.#break("closed"));
  }

  /** Why it can no longer be used; null while it can. */
  get broken(): ConnectionBroken | null {
    return this.#broken;
  }

  /** The last answer said that the connection ends with it. */
  get announcesClose(): boolean {
    return this.#announcesClose;
  }

  /** Reads as a client does that takes its time: a pause after each piece. */
  readSlowly(pausesMs: number): void {
    this.#pausesMs = pausesMs;
  }

  send(bytes: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Resolves when what was sent has left. */
  async sent(): Promise<void> {
    while (this.#socket.writableLength > 0 && this.#broken === null) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** The next answer. Rejects with ConnectionBroken, also when nothing comes in time. */
  async response(method: string): Promise<WireResponse> {
    let response: WireResponse | null = null;
    await this.#until(() => {
      response = this.#reader.next(method);
      return response !== null;
    });
    const taken = response as unknown as WireResponse;
    if ((taken.fields.connection ?? "").toLowerCase() === "close") this.#announcesClose = true;
    return taken;
  }

  /** The next bytes, as they are, until there are `length`. */
  async raw(length: number): Promise<Buffer> {
    let bytes: Buffer = Buffer.alloc(0);
    await this.#until(() => {
      bytes = Buffer.concat([bytes, this.#reader.raw()]);
      return bytes.length >= length;
    });
    return bytes;
  }

  /** Ends its half; resolves when the proxy has ended the other. */
  async end(): Promise<void> {
    this.#socket.end();
    await this.#until(() => this.#broken !== null).catch(() => {});
    this.#socket.destroy();
  }

  /** Goes on the spot, by a reset if asked for. */
  destroy(byReset = false): void {
    // Never both: Node dies where a TLS socket is destroyed right after what is under it (seen with Node 26.10).
    if (byReset) this.#tcp.resetAndDestroy();
    else this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#reader.push(bytes);
    this.#wake();
    if (this.#pausesMs === 0) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), this.#pausesMs);
  }

  #break(what: string): void {
    if (this.#broken !== null) return;
    const { openedMs } = this;
    this.#broken = new ConnectionBroken(what, {
      entryPort: this.#entryPort,
      clientPort: this.#clientPort,
      openedMs,
      brokenMs: soakMs(),
    });
    this.#wake();
  }

  /** Resolves when something holds. What came before the connection broke still counts. */
  async #until(holds: (socket: Socket) => boolean): Promise<void> {
    const timer = setTimeout(() => this.#break(`nothing came for ${ANSWER_TIMEOUT_MS} ms`), ANSWER_TIMEOUT_MS);
    try {
      while (!holds(this.#socket)) {
        if (this.#broken !== null) throw this.#broken;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } catch (error) {
      if (error instanceof ConnectionBroken) throw error;
      this.#break(`malformed: ${(error as Error).message}`);
      this.#socket.destroy();
      throw this.#broken;
    } finally {
      clearTimeout(timer);
    }
  }
}
