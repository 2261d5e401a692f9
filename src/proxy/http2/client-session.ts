import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectSocket, isIPv6, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { HTTP_PROTOCOLS } from "../../model/application-protocols.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { HEAD_BYTES_MAX } from "../http1/limits.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { PoolContext } from "../upstream/server-connections.ts";
import type { SecuredSocket, ServerTls } from "../upstream/server-tls.ts";
import { ClientStream } from "./client-stream.ts";
import {
  BLOCK_FIELDS_MAX,
  CONNECTION_WINDOW_BYTES,
  CONTROL_FRAMES_BURST_MAX,
  CONTROL_FRAMES_PER_S,
  EMPTY_FRAMES_MAX,
  SERVER_STREAMS_MAX,
  SESSION_MEMORY_MB,
  SETTINGS_ENTRIES_MAX,
  STREAM_WINDOW_BYTES,
} from "./limits.ts";
import { RateLimit } from "./rate-limit.ts";

/** What ALPN calls HTTP/2 (RFC 9113 §3.1). */
const HTTP2_PROTOCOL = "h2";

const OPTIONS = {
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: HEAD_BYTES_MAX },
  maxHeaderListPairs: BLOCK_FIELDS_MAX,
  maxSessionMemory: SESSION_MEMORY_MB,
  maxSettings: SETTINGS_ENTRIES_MAX,
  maxSessionInvalidFrames: EMPTY_FRAMES_MAX,
  strictSingleValueFields: false,
};

/** Who keeps connections to a server. */
export interface SessionOwner {
  /** It stands: the server has said what it allows. */
  onReady(session: ClientSession): void;
  /** It takes one request more than before. */
  onRoom(): void;
  /** It takes no more requests; those in hand go on. */
  onLeaving(session: ClientSession): void;
  /** The server wants HTTP/1.1 on the connection, which is the owner's now. The last call. */
  onOtherProtocol(socket: SecuredSocket): void;
  /** It is gone. `failure`: it never stood, and why. The last call. */
  onGone(session: ClientSession, failure: Failure | null): void;
}

/** One HTTP/2 connection to a server: by prior knowledge (RFC 9113 §3.3), or over TLS where ALPN agrees on it (§3.2). */
export class ClientSession implements Timed {
  deadlineMs: number;
  timedAt = -1;
  readonly #owner: SessionOwner;
  readonly #context: PoolContext;
  readonly #origin: string;
  /** What is under TLS; else the connection itself. */
  readonly #tcp: Socket;
  readonly #isTls: boolean;
  /** Null before the server has agreed to HTTP/2. */
  #session: ClientHttp2Session | null = null;
  readonly #controlFrames: RateLimit;
  /** `connecting` → `ready` → `leaving` → `gone`. */
  #state: "connecting" | "ready" | "leaving" | "gone" = "connecting";
  #streams = 0;
  #streamsMax = SERVER_STREAMS_MAX;
  #requests = 0;
  #hasTimedOut = false;

  /** `tls`: how TLS is spoken; null in plaintext. */
  constructor(owner: SessionOwner, address: string, port: number, context: PoolContext, tls: ServerTls | null) {
    this.#owner = owner;
    this.#context = context;
    this.#isTls = tls !== null;
    const { deadlines, timeouts } = context;
    this.deadlineMs = deadlines.nowMs + timeouts.connectMs;
    this.#controlFrames = new RateLimit(CONTROL_FRAMES_BURST_MAX, CONTROL_FRAMES_PER_S, deadlines.nowMs);
    deadlines.add(this);
    this.#origin = `${this.#scheme}://${isIPv6(address) ? `[${address}]` : address}:${port}`;
    if (tls === null) {
      this.#tcp = connectSocket({ host: address, port, autoSelectFamily: false, noDelay: true });
      this.#speak(this.#tcp);
    } else {
      const { secured, tcp } = tls.connect(address, port, HTTP_PROTOCOLS);
      this.#tcp = tcp;
      // The close event follows, and says all that matters.
      secured.on("error", ignore);
      secured.once("secureConnect", () => this.#afterHandshake(secured));
      secured.once("close", () => this.#onClose());
    }
  }

  get #scheme(): string {
    return this.#isTls ? "https" : "http";
  }

  #afterHandshake(secured: TLSSocket): void {
    if (secured.alpnProtocol === HTTP2_PROTOCOL) {
      this.#speak(secured);
      return;
    }
    this.#state = "gone";
    this.#context.deadlines.remove(this);
    this.#owner.onOtherProtocol({ secured, tcp: this.#tcp });
  }

  #speak(socket: Socket): void {
    const session = connect(this.#origin, { ...OPTIONS, createConnection: () => socket });
    this.#session = session;
    session.on("connect", () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
    session.on("remoteSettings", ({ maxConcurrentStreams = SERVER_STREAMS_MAX }) => this.#onSettings(maxConcurrentStreams));
    session.on("ping", () => this.#onControlFrame());
    session.on("goaway", () => this.#leave());
    session.on("error", ignore);
    session.on("close", () => this.#onClose());
  }

  /** Whether it takes a request now. */
  get hasRoom(): boolean {
    const session = this.#session;
    if (session === null || session.closed || session.destroyed) return false;
    return this.#state === "ready" && this.#streams < this.#streamsMax;
  }

  get isIdle(): boolean {
    return this.#streams === 0;
  }

  /** A stream for one request; only when it `hasRoom`. */
  take(): ClientStream {
    this.#streams++;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    let isOpen = true;
    return new ClientStream(this.#session as ClientHttp2Session, this.#scheme, this.#requests++ > 0, () => {
      if (isOpen) this.#onStreamGone();
      isOpen = false;
    });
  }

  /** Takes no more requests, and ends with the last. */
  drain(): void {
    this.#leave();
    this.#session?.close();
  }

  onDeadline(): void {
    if (this.#state === "connecting") {
      this.#hasTimedOut = true;
      this.#session?.destroy();
      this.#tcp.destroy();
    } else this.drain();
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  #onSettings(streamsMax: number): void {
    this.#streamsMax = Math.min(streamsMax, SERVER_STREAMS_MAX);
    if (this.#state === "connecting") {
      this.#state = "ready";
      this.#rest();
      this.#owner.onReady(this);
    } else this.#onControlFrame();
  }

  #onControlFrame(): void {
    if (this.#controlFrames.take(this.#context.deadlines.nowMs)) return;
    (this.#session as unknown as { destroy(code: number): void }).destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #onStreamGone(): void {
    this.#streams--;
    if (this.#streams === 0) this.#rest();
    if (this.hasRoom) this.#owner.onRoom();
  }

  #rest(): void {
    const { deadlines, timeouts } = this.#context;
    this.deadlineMs = deadlines.nowMs + timeouts.poolIdleMs;
  }

  #leave(): void {
    if (this.#state !== "ready") return;
    this.#state = "leaving";
    this.#owner.onLeaving(this);
  }

  #onClose(): void {
    if (this.#state === "gone") return;
    const hasStood = this.#state !== "connecting";
    this.#state = "gone";
    this.#context.deadlines.remove(this);
    this.#owner.onGone(this, hasStood ? null : this.#obstacle());
  }

  /** Why it never stood. What goes wrong after the first byte was sent is no matter of the network. */
  #obstacle(): Failure {
    if (this.#hasTimedOut) return FAILURES.ConnectTimeout;
    return this.#isTls && this.#tcp.bytesWritten > 0 ? FAILURES.ServerUntrusted : FAILURES.ConnectRefused;
  }
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
