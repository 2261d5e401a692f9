import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { fromBinary } from "@bufbuild/protobuf";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { listen } from "../kernel/listen.ts";
import type { CertificatePem } from "../kernel/self-signed.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type Authenticate, bearerToken } from "./authentication.ts";
import type { Position } from "./chunks.ts";
import { DeltaEncoder } from "./delta-encoder.ts";
import { Feeds } from "./feeds.ts";
import { GoAway_Reason, ProxyMessageSchema } from "./gen/snapshot_pb.ts";
import { refuse, ServerCall } from "./grpc/server-call.ts";
import { Status } from "./grpc/status.ts";
import { isLoopback } from "./loopback.ts";
import { goAwayMessage, type ProxyAnswer, ProxyStream, type StreamHost } from "./proxy-stream.ts";
import { Sessions } from "./sessions.ts";
import type { SnapshotSource } from "./snapshot-source.ts";
import { STREAM_PATH } from "./stream-path.ts";
import { ENDLESS_TERM, type Term } from "./term.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "./timing.ts";

/** Most proxies one operator serves. */
const STREAMS_MAX = 1_000;

/** Most connections, those included that have not yet proven who they are. */
const CONNECTIONS_MAX = 2_000;

/** A connection whose TLS handshake takes longer is cut. */
const HANDSHAKE_MS = 10_000;

/** Streams of one connection; a proxy needs one, and a moment's overlap. */
const CONNECTION_STREAMS_MAX = 8;

/** Largest message taken from a proxy: a part of what it holds. */
const RECEIVED_BYTES_MAX = 4 << 20;

/** How long proxies get to read their goodbye. */
const GOODBYE_MS = 500;

export interface ChannelServerOptions {
  readonly source: SnapshotSource;
  readonly clock?: Clock;
  readonly timing?: ChannelTiming;
  /** The certificate to begin with (see `renewCertificate`), and who checks proxies. Without them plaintext, on loopback only. */
  readonly security?: ChannelSecurity;
  /** Whether this replica waits for the right to publish (`take`, `serve`, `standAside`). Without it, it has the right from the start. */
  readonly waits?: boolean;
  /** Called with every answer of a proxy. */
  readonly onAnswer?: (answer: ProxyAnswer) => void;
  /** Called when a proxy's stream has ended, and no newer one has taken its place. */
  readonly onGone?: (proxyId: string, className: string) => void;
}

/** What makes the channel safe outside of one machine. */
export interface ChannelSecurity {
  readonly certificate: CertificatePem;
  readonly authenticate: Authenticate;
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

/** What a replica does with proxies. */
type Role =
  /** Another one serves: they are sent to `holder`, where that is known. */
  | { readonly is: "aside"; readonly holder: string }
  /** It has the right to publish and nothing to publish yet: they may come and wait. */
  | { readonly is: "taking" }
  | { readonly is: "serving"; readonly term: Term };

/** The operator's side of the channel: serves a source's snapshots to proxies, gRPC over HTTP/2. */
export class ChannelServer implements StreamHost {
  readonly clock: Clock;
  readonly timing: ChannelTiming;
  readonly encoder = new DeltaEncoder();
  readonly #options: ChannelServerOptions;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sessions: Sessions;
  readonly #streams = new Map<ProxyStream, ServerCall>();
  readonly #feeds: Feeds;
  #role: Role;
  #sequence = 0n;
  #stopTicking: () => void = () => {};
  #closing = false;

  constructor(options: ChannelServerOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.timing = options.timing ?? CHANNEL_TIMING;
    this.#role = options.waits === true ? { is: "aside", holder: "" } : { is: "serving", term: ENDLESS_TERM };
    this.#feeds = new Feeds(options.source, () => {
      this.#sequence += 1n;
    });
    this.#server = this.#makeServer();
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#sessions = new Sessions(this.#server, this.timing.silenceMs);
  }

  /** Starts to serve; answers the address. Rejects with PlaintextRefused or ListenFailed. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    if (this.#options.security === undefined && !isLoopback(host)) throw new PlaintextRefused(host);
    const address = await listen(this.#server, "operator port", host, port);
    this.#tick();
    return address;
  }

  /** Number of proxies connected and subscribed. */
  get proxies(): number {
    return this.#feeds.streams;
  }

  /** New connections get this certificate; those that are open go on. */
  renewCertificate(certificate: CertificatePem): void {
    if ("setSecureContext" in this.#server) this.#server.setSecureContext(tlsOptions(certificate));
  }

  /** This replica has got the right to publish: proxies may come, and get their snapshot when `serve` is called. */
  take(): void {
    this.#role = { is: "taking" };
  }

  /** From now on, and as long as the term is current, snapshots are published. */
  serve(term: Term): void {
    this.#sequence = 0n;
    this.#role = { is: "serving", term };
    for (const stream of this.#streams.keys()) stream.wake();
  }

  /** This replica has not, or no longer, the right to publish: all proxies are sent to `holder` (its URL; "" when it is not known). */
  standAside(holder: string): void {
    this.#role = { is: "aside", holder };
    for (const stream of this.#streams.keys()) stream.goAway(GoAway_Reason.NOT_HOLDER, "another replica serves", holder);
  }

  /** Sends every proxy away, to `holder` where that is known, and closes. */
  async close(holder = ""): Promise<void> {
    this.#closing = true;
    this.#stopTicking();
    for (const stream of this.#streams.keys()) stream.goAway(GoAway_Reason.SHUTDOWN, "", holder);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sessions.close();
    const cancel = this.clock.after(GOODBYE_MS, () => this.#sessions.destroy());
    await closed;
    cancel();
    this.#feeds.close();
  }

  // --- what a stream asks ---

  current(className: string): Snapshot | null {
    return this.mayPublish() ? this.#options.source.current(className) : null;
  }

  mayPublish(): boolean {
    return this.#role.is === "serving" && this.#role.term.isCurrent();
  }

  position(): Position {
    const { number, lease } = this.#role.is === "serving" ? this.#role.term : ENDLESS_TERM;
    return { term: number, sequence: this.#sequence, lease };
  }

  onAnswer(answer: ProxyAnswer): void {
    this.#options.onAnswer?.(answer);
  }

  /** A proxy that comes back before its old stream is known to be dead takes that stream's place. */
  onSubscribed(stream: ProxyStream): void {
    this.#feeds.join(stream)?.goAway(GoAway_Reason.REFUSED, `another stream is here for the proxy ${stream.proxyId}`);
  }

  /** A goodbye counts as gone, whether its proxy has read it or not. */
  onEnded(stream: ProxyStream): void {
    if (this.#feeds.leave(stream)) this.#options.onGone?.(stream.proxyId, stream.className);
  }

  #makeServer(): Http2Server | Http2SecureServer {
    const settings = { maxConcurrentStreams: CONNECTION_STREAMS_MAX };
    const { security } = this.#options;
    const server =
      security === undefined
        ? createServer({ settings })
        : createSecureServer({ settings, handshakeTimeout: HANDSHAKE_MS, ...tlsOptions(security.certificate) });
    return server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      if (!refuse(stream, headers, STREAM_PATH)) void this.#answer(stream, bearerToken(headers.authorization ?? null));
    });
  }

  /** Takes a call whose caller shows a token. */
  async #answer(http2: ServerHttp2Stream, token: string): Promise<void> {
    const call = new ServerCall(http2);
    // Said before anybody is asked who they are: a replica that does not serve has nothing else to tell.
    if (this.#closing || this.#holder !== null) {
      this.#turnAway(call);
      return;
    }
    const identity = await this.#options.security?.authenticate(token);
    if (identity?.ok === false) {
      const { reason, comeBack } = identity.error;
      call.send(goAwayMessage(comeBack === "soon" ? GoAway_Reason.UNAVAILABLE : GoAway_Reason.REFUSED, reason, ""));
      call.end();
    } else if (this.#closing || this.#holder !== null) this.#turnAway(call);
    else if (this.#streams.size >= STREAMS_MAX) call.end(Status.RESOURCE_EXHAUSTED, "too many proxies");
    else if (!call.isGone) this.#serve(call, new ProxyStream(this, call, identity?.value ?? null));
  }

  #turnAway(call: ServerCall): void {
    if (this.#closing) call.end(Status.UNAVAILABLE, "the operator shuts down");
    else {
      call.send(goAwayMessage(GoAway_Reason.NOT_HOLDER, "another replica serves", this.#holder ?? ""));
      call.end();
    }
  }

  #serve(call: ServerCall, stream: ProxyStream): void {
    this.#streams.set(stream, call);
    call.read(RECEIVED_BYTES_MAX, {
      onMessage: (message) => stream.receive(fromBinary(ProxyMessageSchema, message)),
      onEnd: () => stream.end(),
      onRoom: () => stream.send(),
      onClosed: () => {
        stream.end();
        this.#streams.delete(stream);
      },
    });
  }

  /** URL of the replica that serves instead of this one, "" when it is not known; null when this one does. */
  get #holder(): string | null {
    return this.#role.is === "aside" ? this.#role.holder : null;
  }

  #tick(): void {
    this.#stopTicking = this.clock.after(this.timing.heartbeatMs, () => {
      for (const [stream, call] of this.#streams) if (!stream.tick()) call.cut();
      this.#tick();
    });
  }
}

/** TLS 1.3 alone: both ends are ours. */
function tlsOptions({ chainPem, keyPem }: CertificatePem): SecureContextOptions {
  return { cert: chainPem, key: keyPem, minVersion: "TLSv1.3" };
}
