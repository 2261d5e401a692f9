import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What a closed loop measured in some time. */
export interface LoopReport {
  readonly answered: number;
  readonly failed: number;
  /** Sorted. */
  readonly latenciesMs: readonly number[];
  /** The first few failures, in words. */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 5;

/** Keep-alive connections that each ask again as soon as they have their answer. Cheap: it reads of an answer its status and its end. */
export class ClosedLoop {
  readonly #port: number;
  /** Requests as they are sent. */
  readonly #requests: readonly Buffer[];
  readonly #sockets: Socket[] = [];
  #latenciesMs: number[] = [];
  #failed = 0;
  #examples: string[] = [];
  #next = 0;
  #isStopped = false;

  /** `requests`: what is asked, over and over. */
  static async start(port: number, connections: number, requests: readonly Buffer[]): Promise<ClosedLoop> {
    const loop = new ClosedLoop(port, requests);
    for (let index = 0; index < connections; index++) await loop.#open();
    return loop;
  }

  private constructor(port: number, requests: readonly Buffer[]) {
    this.#port = port;
    this.#requests = requests;
  }

  /** What came since the last call. */
  take(): LoopReport {
    const latenciesMs = this.#latenciesMs.sort((a, b) => a - b);
    const report = { answered: latenciesMs.length, failed: this.#failed, latenciesMs, examples: this.#examples };
    this.#latenciesMs = [];
    this.#failed = 0;
    this.#examples = [];
    return report;
  }

  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(): Promise<void> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    this.#sockets.push(socket);
    let sentMs = 0;
    const ask = () => {
      sentMs = performance.now();
      socket.write(this.#requests[this.#next++ % this.#requests.length] as Buffer);
    };
    socket.on("data", (bytes: Buffer) => {
      // An answer is small and comes in one piece.
      if (isWhole(bytes)) this.#latenciesMs.push(performance.now() - sentMs);
      else this.#fail(bytes.toString("latin1").slice(0, 200));
      ask();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#isStopped) return;
      this.#fail("connection closed");
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
      void this.#open().catch((cause: Error) => this.#fail(cause.message));
    });
    ask();
  }

  #fail(what: string): void {
    this.#failed++;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(what);
  }
}

const HEAD = Buffer.from("HTTP/1.1 200 OK\r\n");
const END = Buffer.from("\r\n\r\nok");

function isWhole(bytes: Buffer): boolean {
  return HEAD.equals(bytes.subarray(0, HEAD.length)) && END.equals(bytes.subarray(-END.length));
}
