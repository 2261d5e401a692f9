import type { Buffer } from "node:buffer";
import { COUNTER, type CounterIndex } from "../../telemetry/worker-counters.ts";
import type { ByteSocket, SocketEvents } from "../listen/byte-socket.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import type { ByteQueue } from "./byte-queue.ts";
import { out } from "./out-buffer.ts";
import { QueueWatch } from "./queue-watch.ts";

/** One direction's source. */
class TunnelSide implements SocketEvents {
  readonly bytes: ByteSocket;
  isClosed = false;
  /** Bytes that came from it and were passed on. */
  relayed = 0;
  readonly #tunnel: Tunnel;
  readonly #counter: CounterIndex;

  constructor(tunnel: Tunnel, bytes: ByteSocket, counter: CounterIndex) {
    this.#tunnel = tunnel;
    this.#counter = counter;
    this.bytes = bytes;
  }

  onBytes(bytes: Buffer, length: number): boolean {
    return this.#tunnel.relay(this, bytes, 0, length, this.#counter);
  }

  onEnd(): void {
    this.#tunnel.other(this).bytes.end();
  }

  onDrain(): void {
    this.#tunnel.other(this).bytes.resume();
  }

  onClose(failed: boolean): void {
    this.isClosed = true;
    this.#tunnel.onSideClosed(this, failed);
  }
}

/** How often a tunnel looks whether its route is still what it was. */
const ROUTE_LOOK_MS = 5_000;

export interface TunnelOptions {
  /** It ends when nothing passes for this long. */
  readonly idleMs: number;
  /** Whether its request would still be routed as it was; once not, it ends after `Engine.sessionMs`. */
  readonly isStillRouted: () => boolean;
  /** Called once, when both sockets are gone. */
  readonly onClosed: () => void;
}

/**
 * A connection after its upgrade: bytes pass both ways as they come, each side is read only as fast as the other takes them, and each
 * half ends on its own. It takes over both sockets.
 */
export class Tunnel implements Timed {
  /** When it is looked at next. */
  deadlineMs: number;
  timedAt = -1;
  readonly client: TunnelSide;
  readonly server: TunnelSide;
  readonly #engine: Engine;
  readonly #idleMs: number;
  readonly #isStillRouted: () => boolean;
  readonly #onClosed: () => void;
  readonly #queue = new QueueWatch();
  #idleAtMs = 0;
  /** When it ends whatever passes, since its route is another one. */
  #endsAtMs = Number.POSITIVE_INFINITY;

  constructor(engine: Engine, { idleMs, isStillRouted, onClosed }: TunnelOptions, client: ByteSocket, server: ByteSocket) {
    this.#engine = engine;
    this.#idleMs = idleMs;
    this.#isStillRouted = isStillRouted;
    this.#onClosed = onClosed;
    this.client = new TunnelSide(this, client, COUNTER.bytesIn);
    this.server = new TunnelSide(this, server, COUNTER.bytesOut);
    client.handTo(this.client);
    server.handTo(this.server);
    this.#touch();
    this.deadlineMs = this.#nextLookMs();
    engine.deadlines.add(this);
  }

  /** Passes on what came before: the client's bytes after its request, the server's (`bytes[start, end)`) after its 101. */
  begin(unread: ByteQueue, bytes: Buffer, start: number, end: number): void {
    this.relay(this.client, unread.bytes, unread.start, unread.end, COUNTER.bytesIn);
    unread.clear();
    this.relay(this.server, bytes, start, end, COUNTER.bytesOut);
  }

  other(side: TunnelSide): TunnelSide {
    return side === this.client ? this.server : this.client;
  }

  /** Passes bytes that came from one side; false when the other side wants to wait. */
  relay(from: TunnelSide, bytes: Buffer, start: number, end: number, counter: CounterIndex): boolean {
    this.#touch();
    this.#engine.counters.add(counter, end - start);
    from.relayed += end - start;
    out.slice(bytes, start, end);
    return out.sendTo(this.other(from).bytes);
  }

  onSideClosed(side: TunnelSide, failed: boolean): void {
    const { bytes, isClosed } = this.other(side);
    if (isClosed) {
      this.#engine.deadlines.remove(this);
      this.#onClosed();
    } else if (failed) bytes.abort();
    else {
      this.#idleAtMs = this.#engine.deadlines.nowMs + this.#engine.timeouts.lingerMs;
      this.deadlineMs = this.#nextLookMs();
      bytes.end();
    }
  }

  onDeadline(): void {
    const { nowMs } = this.#engine.deadlines;
    if (nowMs >= this.#idleAtMs) {
      if (this.#queue.hasMoved(this.client.bytes.queuedBytes + this.server.bytes.queuedBytes)) this.#touch();
      else this.#endsAtMs = nowMs;
    }
    if (this.#endsAtMs === Number.POSITIVE_INFINITY && !this.#isStillRouted()) this.#endsAtMs = nowMs + this.#sessionMs;
    if (nowMs >= this.#endsAtMs) this.destroy();
    else this.deadlineMs = this.#nextLookMs();
  }

  get #sessionMs(): number {
    return this.#engine.sessionMs ?? this.#engine.timeouts.sessionMs;
  }

  #nextLookMs(): number {
    const lookMs = this.#engine.deadlines.nowMs + Math.min(ROUTE_LOOK_MS, this.#sessionMs);
    return Math.min(lookMs, this.#idleAtMs, this.#endsAtMs);
  }

  destroy(): void {
    this.client.bytes.abort();
    this.server.bytes.abort();
  }

  #touch(): void {
    this.#idleAtMs = this.#engine.deadlines.nowMs + this.#idleMs;
  }
}
