import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const ANSWER_TIMEOUT_MS = 5_000;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One HTTP/1.1 connection that asks one thing at a time and stays open. Strict: an answer without Content-Length, bytes nobody asked
 * for, a close at any time, are errors.
 */
export class KeepAliveConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: PromiseWithResolvers<Answer> | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #broken: Error | null = null;

  static async open(port: number): Promise<KeepAliveConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new KeepAliveConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => this.#break(error));
    socket.on("close", () => this.#break(new Error("connection closed by the proxy")));
  }

  /** Why the connection can no longer be used, or null. */
  get broken(): Error | null {
    return this.#broken;
  }

  /** Sends a GET; rejects when the connection breaks, or after 5 s. Only one at a time. */
  ask(host: string, path: string): Promise<Answer> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    this.#waiting = Promise.withResolvers<Answer>();
    this.#deadline = setTimeout(() => this.#break(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#broken ??= new Error("closed");
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    if (this.#waiting === null) {
      this.#break(new Error(`bytes nobody asked for: ${JSON.stringify(this.#received.slice(0, 80))}`));
      return;
    }
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const status = STATUS_LINE.exec(head)?.[1];
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (status === undefined || length === undefined) {
      this.#break(new Error(`unexpected head: ${JSON.stringify(head)}`));
      return;
    }
    const end = headEnd + 4 + Number(length);
    if (this.#received.length >= end) this.#finish({ status: Number(status), body: this.#received.slice(headEnd + 4, end) }, end);
  }

  #finish(answer: Answer, end: number): void {
    const rest = this.#received.slice(end);
    const waiting = this.#waiting;
    this.#received = "";
    this.#waiting = null;
    clearTimeout(this.#deadline);
    waiting?.resolve(answer);
    if (rest !== "") this.#take(rest);
  }

  #break(error: Error): void {
    if (this.#broken !== null) return;
    this.#broken = error;
    clearTimeout(this.#deadline);
    this.#waiting?.reject(error);
    this.#waiting = null;
    this.#socket.destroy();
  }
}
