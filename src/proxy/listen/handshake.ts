import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { CLIENT_HELLO_BYTES_MAX } from "../http1/limits.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { parseClientHello } from "./client-hello.ts";

/** Finds the TLS context for the name a client asks for; "" when it names none. */
export interface ContextSource {
  contextFor(serverName: string): SecureContext;
}

/**
 * One TLS connection from accept to the end of its handshake: the ClientHello is peeked before the TLS socket is made, so that the
 * name the client asks for settles everything about it.
 */
export class Handshake implements Timed {
  deadlineMs: number;
  timedAt = -1;
  readonly #engine: Engine;
  readonly #contexts: ContextSource;
  readonly #socket: Socket;
  readonly #onEnd: (secured: TLSSocket | null) => void;
  readonly #onReadable = () => this.#peek();
  readonly #onClose = () => this.destroy();
  #bytes: Buffer = Buffer.alloc(0);
  #secured: TLSSocket | null = null;

  /** It may take `limitMs`. `onEnd` is called once: with the TLS socket when the handshake is done, with null when the connection is gone. */
  constructor(
    engine: Engine,
    contexts: ContextSource,
    socket: Socket,
    limitMs: number,
    onEnd: (secured: TLSSocket | null) => void,
  ) {
    this.#engine = engine;
    this.#contexts = contexts;
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.deadlineMs = engine.deadlines.nowMs + limitMs;
    engine.deadlines.add(this);
    socket.on("readable", this.#onReadable);
    socket.on("error", ignore);
    socket.on("close", this.#onClose);
    socket.on("end", this.#onClose);
    socket.read(0);
  }

  onDeadline(): void {
    this.destroy();
  }

  destroy(): void {
    (this.#secured ?? this.#socket).destroy();
    this.#end(null);
  }

  #peek(): void {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const hello = parseClientHello(this.#bytes);
    if (hello === "more" && this.#bytes.length <= CLIENT_HELLO_BYTES_MAX * 2) return;
    if (typeof hello === "string") this.destroy();
    else this.#secure(hello.serverName);
  }

  #secure(serverName: string): void {
    const socket = this.#socket;
    socket.off("readable", this.#onReadable);
    socket.off("close", this.#onClose);
    socket.off("end", this.#onClose);
    socket.unshift(this.#bytes);
    const secureContext = this.#contexts.contextFor(serverName);
    const secured = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] });
    this.#secured = secured;
    secured.on("error", ignore);
    secured.on("close", this.#onClose);
    secured.on("secure", () => {
      secured.off("close", this.#onClose);
      this.#end(secured);
    });
  }

  #end(secured: TLSSocket | null): void {
    if (this.timedAt < 0) return;
    this.#engine.deadlines.remove(this);
    this.#onEnd(secured);
  }
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
