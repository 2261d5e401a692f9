import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createContextKey, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { ListenFailed, listenProblem } from "../kernel/listen-problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Position } from "./chunks.ts";
import { GoAway_Reason, type OperatorMessage, type ProxyMessage, SnapshotChannel } from "./gen/snapshot_pb.ts";
import { isLoopback } from "./loopback.ts";
import { type ProxyAnswer, ProxyStream, type StreamHost } from "./proxy-stream.ts";
import type { SnapshotSource } from "./snapshot-source.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "./timing.ts";

/** Most proxies one operator serves. */
const STREAMS_MAX = 1_000;

/** Largest message taken from a proxy: a part of what it holds. */
const RECEIVED_BYTES_MAX = 4 << 20;

/** How long proxies get to read their goodbye. */
const GOODBYE_MS = 500;

export interface ChannelServerOptions {
  readonly source: SnapshotSource;
  readonly clock?: Clock;
  readonly timing?: ChannelTiming;
  /** How often the right to publish has changed hands; 0 without a Lease. */
  readonly term?: bigint;
  /** Called with every answer of a proxy. */
  readonly onAnswer?: (answer: ProxyAnswer) => void;
  /** Called when a proxy's stream has ended, and no newer one has taken its place. */
  readonly onGone?: (proxyId: string, className: string) => void;
}

/** Said when the channel would leave the machine unencrypted. */
export class PlaintextRefused extends Error {
  constructor(host: string) {
    super(
      `the channel is plaintext and carries private keys, so it is only offered on a loopback address, not on ${host === "" ? "all addresses" : host}`,
    );
    this.name = "PlaintextRefused";
  }
}

const REQUEST = createContextKey<Http2ServerRequest | null>(null);

/** All streams of one class, fed by one subscription. */
interface Feed {
  readonly streams: Map<string, ProxyStream>;
  readonly unsubscribe: () => void;
}

/** The operator's side of the channel: serves a source's snapshots to proxies, gRPC over HTTP/2 without TLS. */
export class ChannelServer implements StreamHost {
  readonly clock: Clock;
  readonly timing: ChannelTiming;
  readonly #options: ChannelServerOptions;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Map<ProxyStream, Http2ServerRequest | null>();
  readonly #feeds = new Map<string, Feed>();
  #sequence = 0n;
  #stopTicking: () => void = () => {};
  #closing = false;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.timing = options.timing ?? CHANNEL_TIMING;
    this.#server = createServer(
      {},
      connectNodeAdapter({
        routes: (router) => router.service(SnapshotChannel, { stream: (requests, context) => this.#stream(requests, context) }),
        contextValues: (request) => createContextValues().set(REQUEST, "stream" in request ? request : null),
        readMaxBytes: RECEIVED_BYTES_MAX,
        acceptCompression: [],
      }),
    );
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
  }

  /** Starts to serve; answers the address. Rejects with PlaintextRefused or ListenFailed. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    if (!isLoopback(host)) throw new PlaintextRefused(host);
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(new ListenFailed(`operator port: ${host}:${port} ${listenProblem(cause)}`, { cause }));
      this.#server.once("error", fail);
      this.#server.listen(port, host, () => {
        this.#server.off("error", fail);
        resolve();
      });
    });
    this.#tick();
    return this.#server.address() as AddressInfo;
  }

  /** Number of proxies connected and subscribed. */
  get proxies(): number {
    return [...this.#feeds.values()].reduce((sum, feed) => sum + feed.streams.size, 0);
  }

  /** Sends every proxy away and closes. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#stopTicking();
    for (const stream of this.#streams.keys()) stream.goAway(GoAway_Reason.SHUTDOWN, "");
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const cancel = this.clock.after(GOODBYE_MS, () => {
      for (const session of this.#sessions) session.destroy();
    });
    await closed;
    cancel();
    for (const feed of this.#feeds.values()) feed.unsubscribe();
  }

  // --- what a stream asks ---

  current(className: string): Snapshot | null {
    return this.#options.source.current(className);
  }

  position(): Position {
    return { term: this.#options.term ?? 0n, sequence: this.#sequence };
  }

  onAnswer(answer: ProxyAnswer): void {
    this.#options.onAnswer?.(answer);
  }

  /** A proxy that comes back before its old stream is known to be dead takes that stream's place. */
  onSubscribed(stream: ProxyStream): void {
    const feed = this.#feeds.get(stream.className) ?? this.#openFeed(stream.className);
    feed.streams.get(stream.proxyId)?.goAway(GoAway_Reason.REFUSED, `another stream is here for the proxy ${stream.proxyId}`);
    feed.streams.set(stream.proxyId, stream);
  }

  #openFeed(className: string): Feed {
    const streams = new Map<string, ProxyStream>();
    const unsubscribe = this.#options.source.subscribe(className, (delta) => {
      this.#sequence += 1n;
      for (const stream of streams.values()) stream.onDelta(delta);
    });
    const feed = { streams, unsubscribe };
    this.#feeds.set(className, feed);
    return feed;
  }

  async *#stream(requests: AsyncIterable<ProxyMessage>, context: HandlerContext): AsyncGenerator<OperatorMessage> {
    if (this.#closing) throw new ConnectError("the operator shuts down", Code.Unavailable);
    if (this.#streams.size >= STREAMS_MAX) throw new ConnectError("too many proxies", Code.ResourceExhausted);
    const stream = new ProxyStream(this);
    this.#streams.set(stream, context.values.get(REQUEST));
    // Cleaning up hangs on the connection and not on this generator, which is stuck in a write when the proxy stopped reading.
    context.signal.addEventListener("abort", () => this.#forget(stream), { once: true });
    void receiveAll(requests, stream);
    try {
      yield* stream.outgoing();
    } finally {
      this.#forget(stream);
    }
  }

  #forget(stream: ProxyStream): void {
    stream.end();
    if (!this.#streams.delete(stream)) return;
    const feed = this.#feeds.get(stream.className);
    if (feed?.streams.get(stream.proxyId) !== stream) return;
    feed.streams.delete(stream.proxyId);
    if (feed.streams.size === 0) {
      feed.unsubscribe();
      this.#feeds.delete(stream.className);
    }
    this.#options.onGone?.(stream.proxyId, stream.className);
  }

  #tick(): void {
    this.#stopTicking = this.clock.after(this.timing.heartbeatMs, () => {
      for (const [stream, request] of this.#streams) if (!stream.tick()) request?.stream.close();
      this.#tick();
    });
  }
}

/** Hands every message to the stream; when the proxy leaves or breaks off, the stream ends. */
async function receiveAll(requests: AsyncIterable<ProxyMessage>, stream: ProxyStream): Promise<void> {
  try {
    for await (const incoming of requests) stream.receive(incoming);
  } catch {
    // The connection broke: the same as leaving.
  }
  stream.end();
}
