import type { Socket } from "node:net";
import type { Deadlines, Timed } from "../pipeline/deadlines.ts";
import { parseProxyHeader } from "./proxy-protocol.ts";

/** What a preface came to. */
export type PrefaceEnd =
  /** The header is whole. `source`: the client's address, null where the peer speaks for itself; `rest`: what came behind the header. */
  | { readonly outcome: "read"; readonly source: string | null; readonly rest: Buffer }
  /** What the peer sent is no PROXY protocol header, or it did not come whole in time. The socket is destroyed. */
  | { readonly outcome: "refused" }
  /** The peer is gone. */
  | { readonly outcome: "gone" };

/**
 * A connection of a peer that begins with a PROXY protocol header, from its accept to the header's end. A header is a must: who is
 * trusted to send one and does not would be taken for the client itself (specification, section 2: "must not try to guess").
 */
export class ProxyPreface implements Timed {
  deadlineMs: number;
  timedAt = -1;
  readonly #deadlines: Deadlines;
  readonly #socket: Socket;
  readonly #onEnd: (end: PrefaceEnd) => void;
  readonly #onReadable = () => this.#read();
  readonly #onGone = () => this.#finish({ outcome: "gone" });
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes over a socket just accepted with `pauseOnConnect`; at `deadlineMs` it must be over. `onEnd` is called once. */
  constructor(deadlines: Deadlines, socket: Socket, deadlineMs: number, onEnd: (end: PrefaceEnd) => void) {
    this.#deadlines = deadlines;
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.deadlineMs = deadlineMs;
    deadlines.add(this);
    socket.on("readable", this.#onReadable);
    socket.on("error", ignore);
    socket.on("close", this.#onGone);
    socket.on("end", this.#onGone);
    socket.read(0);
  }

  onDeadline(): void {
    this.#finish({ outcome: "refused" });
  }

  destroy(): void {
    this.#finish({ outcome: "gone" });
  }

  #read(): void {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const header = parseProxyHeader(this.#bytes);
    if (header === "more") return;
    if (header === "invalid") this.#finish({ outcome: "refused" });
    else this.#finish({ outcome: "read", source: header.source, rest: this.#bytes.subarray(header.length) });
  }

  #finish(end: PrefaceEnd): void {
    if (this.timedAt < 0) return;
    this.#deadlines.remove(this);
    const socket = this.#socket;
    socket.off("readable", this.#onReadable);
    socket.off("close", this.#onGone);
    socket.off("end", this.#onGone);
    if (end.outcome !== "read") socket.destroy();
    this.#onEnd(end);
  }
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
