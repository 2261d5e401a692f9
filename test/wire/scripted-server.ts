import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { Server } from "../../src/model/service.ts";
import { plainForm } from "./plain-form.ts";
import type { ExchangeVector } from "./vectors.ts";

/** What the server has to do for one replay. */
interface Part {
  /** What it received of the replay. */
  received(): string;
  /** It has said all that it had to, or was not asked. */
  isPlayed(): boolean;
  /** The replay is over. */
  end(): void;
}

class Script {
  readonly vector: ExchangeVector;
  readonly answerCut: number;
  received = "";
  state: "waiting" | "begun" | "played" = "waiting";

  constructor(vector: ExchangeVector, answerCut: number) {
    this.vector = vector;
    this.answerCut = answerCut;
  }

  /** Whether what it waits for has come: the whole request, or its head. */
  get isDue(): boolean {
    if (this.vector.answer.length === 0 && this.vector.answerEnd === "") return false;
    return this.vector.isEarly ? this.received.includes("\r\n\r\n") : plainForm(this.received) === this.vector.server;
  }

  async play(socket: Socket): Promise<void> {
    for (const piece of cutAt(this.vector.answer, this.answerCut)) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    if (this.vector.answerEnd === "close") socket.end();
    if (this.vector.answerEnd === "reset") socket.resetAndDestroy();
    this.state = "played";
  }
}

/**
 * A server that expects a request and answers it, as a vector says. Replays of one vector run at the same time: they expect the same, so
 * whichever connection a request comes on takes the next script.
 */
export class ScriptedServer {
  readonly #server: NetServer;
  readonly #waiting: Script[] = [];
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const made = new ScriptedServer(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return made;
  }

  private constructor(server: NetServer) {
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  get address(): Server {
    return { address: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  expect(vector: ExchangeVector, answerCut: number): Part {
    const script = new Script(vector, answerCut);
    this.#waiting.push(script);
    return {
      received: () => script.received,
      isPlayed: () => script.state !== "begun",
      end: () => {
        const at = this.#waiting.indexOf(script);
        if (at >= 0) this.#waiting.splice(at, 1);
      },
    };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    let script: Script | null = null;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("data", (data) => {
      script ??= this.#waiting.shift() ?? null;
      if (script === null) return;
      script.received += data.toString("latin1");
      if (script.state !== "waiting" || !script.isDue) return;
      const due = script;
      due.state = "begun";
      // The next request on this connection is another replay's.
      if (!due.vector.isEarly) script = null;
      void due.play(socket);
    });
  }
}

/** The pieces of bytes cut at one place; 0 does not cut. */
export function cutAt(bytes: Buffer, position: number): Buffer[] {
  if (bytes.length === 0) return [];
  return position === 0 ? [bytes] : [bytes.subarray(0, position), bytes.subarray(position)];
}
