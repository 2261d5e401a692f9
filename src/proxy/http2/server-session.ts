import { subscribe } from "node:diagnostics_channel";
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { FAILURES } from "../../model/failure.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import type { Door, DoorConnection } from "../http1/connection-state.ts";
import type { Peer } from "../http1/exchange.ts";
import { HEAD_BYTES_MAX } from "../http1/limits.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import {
  BLOCK_FIELDS_MAX,
  CONNECTION_WINDOW_BYTES,
  CONTROL_FRAMES_BURST_MAX,
  CONTROL_FRAMES_PER_S,
  EMPTY_FRAMES_MAX,
  OVERHEAD_BURST_BYTES,
  OVERHEAD_BYTES_PER_S,
  REFUSED_STREAMS_MAX,
  RESETS_BURST_MAX,
  RESETS_PER_S,
  SESSION_MEMORY_MB,
  SETTINGS_ENTRIES_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_MAX,
} from "./limits.ts";
import { RateLimit } from "./rate-limit.ts";
import { ServerStream, type StreamOwner } from "./server-stream.ts";

const OPTIONS = {
  settings: {
    maxConcurrentStreams: STREAMS_MAX,
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: HEAD_BYTES_MAX,
  },
  maxHeaderListPairs: BLOCK_FIELDS_MAX,
  maxSessionMemory: SESSION_MEMORY_MB,
  maxSettings: SETTINGS_ENTRIES_MAX,
  maxSessionInvalidFrames: EMPTY_FRAMES_MAX,
  maxSessionRejectedStreams: REFUSED_STREAMS_MAX,
  // A server may say a thing twice; what that means is for clients.
  strictSingleValueFields: false,
};

// A stream whose session fails in the turn it began has an error before anybody is told that it exists.
subscribe("http2.server.stream.created", (message) => (message as { stream: ServerHttp2Stream }).stream.on("error", ignore));

/** As many bytes as this may come with each that is of use: a frame of one byte has a head of nine. */
const OVERHEAD_FACTOR = 16;
/** For each so many bytes sent, the client may send one back to say that it has them. */
const OVERHEAD_SHARE = 16;

/** One HTTP/2 connection of a client. */
export class ServerSession implements DoorConnection, StreamOwner, Timed {
  deadlineMs: number;
  timedAt = -1;
  readonly #engine: Engine;
  readonly #door: Door;
  readonly #peer: Peer;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #streams = new Set<ServerStream>();
  readonly #resets: RateLimit;
  readonly #controlFrames: RateLimit;
  readonly #overhead: RateLimit;
  /** Bytes that came and were of use, since they were last looked at. */
  #usefulBytes = 0;
  /** When the connection has been idle for too long. */
  #endsMs: number;
  readonly #bornMs: number;
  /** Streams so far. */
  #requests = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  /** Takes over a socket that nobody reads, with what was read of it put back. */
  constructor(engine: Engine, door: Door, peer: Peer, socket: Socket) {
    this.#engine = engine;
    this.#door = door;
    this.#peer = peer;
    this.#socket = socket;
    const { nowMs } = engine.deadlines;
    this.#bornMs = nowMs;
    this.#resets = new RateLimit(RESETS_BURST_MAX, RESETS_PER_S, nowMs);
    this.#controlFrames = new RateLimit(CONTROL_FRAMES_BURST_MAX, CONTROL_FRAMES_PER_S, nowMs);
    this.#overhead = new RateLimit(OVERHEAD_BURST_BYTES, OVERHEAD_BYTES_PER_S, nowMs);
    this.#endsMs = nowMs + peer.policy.timeouts.headMs;
    this.deadlineMs = nowMs;
    engine.deadlines.add(this);
    // What `tls.Server` does after `secure`, and node:http2 waits for.
    if ("secureConnecting" in socket) socket.secureConnecting = false;
    const session = performServerHandshake(socket, OPTIONS);
    this.#session = session;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on("stream", (stream: ServerHttp2Stream, _headers: unknown, flags: number, fields: string[]) =>
      this.#onStream(stream, flags, fields),
    );
    session.on("ping", () => this.#onControlFrame());
    session.on("remoteSettings", () => this.#onControlFrame());
    session.on("error", ignore);
    session.on("close", () => this.#onClose());
  }

  get isBusy(): boolean {
    return this.#streams.size > 0;
  }

  /**
   * The client is to open no more streams; the connection ends with the last of those there are. Streams on their way are beyond the last
   * that the GOAWAY names: the client knows that nobody looked at them, and sends them elsewhere (RFC 9113 §6.8).
   */
  drain(): void {
    if (this.#session.closed || this.#session.destroyed) return;
    this.#endsMs = Number.POSITIVE_INFINITY;
    this.#session.close();
  }

  /** Ends the connection at once, streams and all. */
  destroy(): void {
    this.#end(constants.NGHTTP2_NO_ERROR);
  }

  /** Looked at in every sweep. */
  onDeadline(): void {
    const { nowMs } = this.#engine.deadlines;
    const cameBytes = this.#countBytes();
    // Small frames have heads, and who is sent much has much to acknowledge.
    const overhead = cameBytes.in - OVERHEAD_FACTOR * this.#usefulBytes - cameBytes.out / OVERHEAD_SHARE;
    this.#usefulBytes = 0;
    if (!this.#overhead.take(nowMs, overhead)) this.#end(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else if (this.#endsMs <= nowMs) this.drain();
  }

  onUseful(bytes: number): void {
    this.#usefulBytes += bytes;
  }

  onStreamClosed(stream: ServerStream, wasEarly: boolean): void {
    const { nowMs } = this.#engine.deadlines;
    this.#streams.delete(stream);
    if (wasEarly && !this.#resets.take(nowMs)) this.#end(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else if (this.#streams.size === 0) this.#endsMs = nowMs + this.#peer.policy.timeouts.keepAliveMs;
  }

  #onStream(stream: ServerHttp2Stream, flags: number, fields: string[]): void {
    if (stream.destroyed) {
      // Reset before it was looked at.
      if (!this.#resets.take(this.#engine.deadlines.nowMs)) this.#end(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    this.#requests++;
    this.#endsMs = Number.POSITIVE_INFINITY;
    if (this.#door.isClosing || this.#isSpent()) this.drain();
    const made = new ServerStream(this.#engine, this.#door, this.#peer, this, stream);
    this.#streams.add(made);
    made.begin(fields, (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0);
  }

  #isSpent(): boolean {
    const { requestsMax, timeouts } = this.#peer.policy;
    return this.#requests >= requestsMax || this.#engine.deadlines.nowMs - this.#bornMs >= timeouts.ageMs;
  }

  #onControlFrame(): void {
    if (!this.#controlFrames.take(this.#engine.deadlines.nowMs)) this.#end(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** The client is told why, by a GOAWAY, and the connection ends. */
  #end(code: number): void {
    for (const stream of this.#streams) stream.reset(code === 0 ? constants.NGHTTP2_CANCEL : code, FAILURES.ShuttingDown);
    // A code may stand in the place of an error, which the types do not know.
    (this.#session as unknown as { destroy(code: number): void }).destroy(code);
  }

  #onClose(): void {
    this.#countBytes();
    this.#engine.deadlines.remove(this);
    this.#door.onConnectionClosed(this);
  }

  /** Counts what passed since it was last asked. */
  #countBytes(): { readonly in: number; readonly out: number } {
    const { counters } = this.#engine;
    const { bytesRead, bytesWritten } = this.#socket;
    const passed = { in: bytesRead - this.#bytesIn, out: bytesWritten - this.#bytesOut };
    counters.add(COUNTER.bytesIn, passed.in);
    counters.add(COUNTER.bytesOut, passed.out);
    this.#bytesIn = bytesRead;
    this.#bytesOut = bytesWritten;
    return passed;
  }
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
