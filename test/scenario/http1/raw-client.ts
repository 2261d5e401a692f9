import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

/** A client that writes bytes and waits for bytes: nothing is done behind the test's back. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received so far, as Latin-1 text. */
  received = "";
  /** The server has ended its half. */
  hasEnded = false;
  /** The socket is gone; `error` says why when it was not orderly. */
  isClosed = false;
  error: NodeJS.ErrnoException | null = null;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data) => {
      this.received += data.toString("latin1");
      this.#wake();
    });
    socket.on("end", () => {
      this.hasEnded = true;
      this.#wake();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error;
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    return RawClient.over(connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true }));
  }

  /** On a socket that is about to connect. */
  static async over(socket: Socket): Promise<RawClient> {
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  static async secure(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Waits until something holds; fails with what was received when it does not within `limitMs`. */
  async until(holds: () => boolean, limitMs = 5_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!holds()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`waited in vain; received so far: ${JSON.stringify(this.received.slice(0, 2_000))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 50));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for text, and answers everything received. */
  async untilText(text: string, limitMs?: number): Promise<string> {
    await this.until(() => this.received.includes(text), limitMs);
    return this.received;
  }

  async untilEnd(limitMs?: number): Promise<string> {
    await this.until(() => this.hasEnded || this.isClosed, limitMs);
    return this.received;
  }

  /** Takes one response with a Content-Length or chunked body (or none) off what was received. */
  async response(requestMethod = "GET"): Promise<RawResponse> {
    let response: RawResponse | null = null;
    await this.until(() => {
      response = takeResponse(this.received, requestMethod);
      return response !== null || this.isClosed || this.hasEnded;
    });
    if (response === null) throw new Error(`no whole response: ${JSON.stringify(this.received.slice(0, 2_000))}`);
    const taken: RawResponse = response;
    this.received = this.received.slice(taken.length);
    return taken;
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface RawResponse {
  readonly status: number;
  /** Lower-case names; repeated fields joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Bytes it took. */
  readonly length: number;
}

function takeResponse(text: string, requestMethod: string): RawResponse | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const status = Number(statusLine.split(" ")[1]);
  const start = headEnd + 4;
  if (requestMethod === "HEAD" || status < 200 || status === 204 || status === 304)
    return { status, headers, body: "", length: start };
  if (headers["transfer-encoding"] === "chunked") return takeChunks(text, start, status, headers);
  const length = Number(headers["content-length"] ?? 0);
  if (text.length < start + length) return null;
  return { status, headers, body: text.slice(start, start + length), length: start + length };
}

function takeChunks(text: string, start: number, status: number, headers: Record<string, string>): RawResponse | null {
  let body = "";
  for (let at = start; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (text.length < lineEnd + 2 + size + 2) return null;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return { status, headers, body, length: at };
  }
}
