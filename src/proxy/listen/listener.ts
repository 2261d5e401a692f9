import { createServer, type Server, type Socket } from "node:net";
import type { EntryPoint } from "../../model/entry-point.ts";
import { COUNTER, type CounterIndex } from "../../telemetry/worker-counters.ts";
import { type ConnectionPolicy, connectionPolicy } from "../http1/connection-policy.ts";
import type { Door, DoorConnection } from "../http1/connection-state.ts";
import type { Peer } from "../http1/exchange.ts";
import { CONNECTIONS_MAX, PARKED_CONNECTIONS_MAX, WRITE_QUEUE_BYTES } from "../http1/limits.ts";
import { ServerConnection } from "../http1/server-connection.ts";
import { ServerSession } from "../http2/server-session.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { ByteSocket, type ReadMode, type SocketEvents } from "./byte-socket.ts";
import type { ConnectionLimits, Place } from "./connection-limits.ts";
import { Handshake, HTTP2_PROTOCOL } from "./handshake.ts";
import type { OverloadState } from "./overload-state.ts";
import { ProxyPreface } from "./proxy-preface.ts";
import type { TermsSource } from "./tls-terms.ts";
import { plainAddress, TrustedPeers } from "./trusted-peers.ts";

/** Connections the kernel queues before they are accepted. */
const BACKLOG = 4096;
/** A listener that is to go closes once this long has brought no connection… */
const QUIET_MS = 2_000;
/** …and at the latest after this long. */
const CLOSING_MS = 15_000;
const NOTHING: Buffer = Buffer.alloc(0);

/** What listeners of a worker share. */
export interface ListenContext {
  readonly engine: Engine;
  readonly tls: TermsSource;
  /** How plaintext connections are read. */
  readonly readMode: ReadMode;
  readonly limits: ConnectionLimits;
  readonly overload: OverloadState;
  /** Bit of an entry point in the live world; 0 when it is not live. */
  entryPointBit(name: string): number;
}

/**
 * One open entry point in one worker: every worker listens on the same address itself (`reusePort`).
 *
 * `parked`: bound, but its generation is not live yet: connections wait. `live`. `closing`: it has left the configuration; it accepts
 * until connections cease, so that nothing queued on it is reset, and says `Connection: close`. `closed`.
 */
export class Listener implements Door, Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  timedAt = -1;
  readonly #context: ListenContext;
  readonly #server: Server;
  /** By the place each takes. */
  readonly #connections = new Map<DoorConnection, Place>();
  /** On their way to a connection: what there is of it, to be ended at once. */
  readonly #entering = new Set<Handshake | ProxyPreface>();
  readonly #parked: Socket[] = [];
  #entryPoint: EntryPoint;
  #trusted: TrustedPeers;
  /** Peers whose connections begin with a PROXY protocol header. */
  #announcing: TrustedPeers;
  #policy: ConnectionPolicy;
  #state: "parked" | "live" | "closing" | "closed" = "parked";
  #lastAcceptMs = 0;
  #closingSinceMs = 0;
  /** While it closes: when the last connection came, or when it began to close. */
  #lastComerMs = 0;

  constructor(entryPoint: EntryPoint, context: ListenContext) {
    this.#entryPoint = entryPoint;
    this.#context = context;
    this.#trusted = new TrustedPeers(entryPoint.trustedProxies);
    this.#announcing = new TrustedPeers(entryPoint.proxyProtocolFrom ?? []);
    this.#policy = connectionPolicy(entryPoint.policy, context.engine.timeouts);
    this.#server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: WRITE_QUEUE_BYTES },
      (socket) => this.#onAccept(socket),
    );
  }

  get entryPoint(): EntryPoint {
    return this.#entryPoint;
  }

  get entryPointName(): string {
    return this.#entryPoint.name;
  }

  /** Binds; resolves with null, or with why it could not. */
  open(): Promise<string | null> {
    const { host, port } = this.entryPoint;
    return new Promise((resolve) => {
      // After it is bound, an error is one of accept: of a single connection, which is gone already.
      this.#server.on("error", (error) => resolve(error.message));
      const address = host === "" ? {} : { host };
      this.#server.listen({ ...address, port, reusePort: true, backlog: BACKLOG }, () => resolve(null));
    });
  }

  /** The port that was bound; 0 before. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  get isClosing(): boolean {
    const { engine, overload } = this.#context;
    return engine.isDraining || overload.isStrained || this.#state === "closing" || this.#state === "closed";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Connections that are open, those before their first byte of HTTP included. */
  get connectionCount(): number {
    return this.#connections.size + this.#entering.size;
  }

  /** When the last connection came, on the engine's clock. */
  get lastAcceptMs(): number {
    return this.#lastAcceptMs;
  }

  /** Connections with an exchange under way, or on their way to the first. */
  get busyCount(): number {
    let count = this.#entering.size;
    for (const connection of this.#connections.keys()) if (connection.isBusy) count++;
    return count;
  }

  /** What came in plaintext is not served once the entry point is TLS, and the other way round. */
  entryPointBit(isTls: boolean): number {
    return isTls === this.#entryPoint.tls ? this.#context.entryPointBit(this.#entryPoint.name) : 0;
  }

  /** Its generation is live: serve, those who wait first. What is new about it holds for new connections. */
  goLive(entryPoint: EntryPoint): void {
    this.#entryPoint = entryPoint;
    this.#trusted = new TrustedPeers(entryPoint.trustedProxies);
    this.#announcing = new TrustedPeers(entryPoint.proxyProtocolFrom ?? []);
    this.#policy = connectionPolicy(entryPoint.policy, this.#context.engine.timeouts);
    if (this.#state === "closing") this.#context.engine.deadlines.remove(this);
    if (this.#state === "live" || this.#state === "closed") return;
    this.#state = "live";
    for (const socket of this.#parked.splice(0)) this.#admit(socket);
  }

  /** It has left the configuration. Idle connections stay until it closes: closing one can cross a request on its way. */
  leave(): void {
    if (this.#state !== "live") {
      this.close();
      return;
    }
    this.#state = "closing";
    this.#closingSinceMs = this.#context.engine.deadlines.exactMs;
    this.#lastComerMs = this.#closingSinceMs;
    this.#awaitQuiet();
    this.#context.engine.deadlines.add(this);
  }

  /** What it was to stay for does not come. */
  leaveAfterAll(): void {
    if (this.#state === "closing") this.#awaitQuiet();
  }

  #awaitQuiet(): void {
    this.deadlineMs = this.#context.engine.deadlines.nowMs + QUIET_MS;
  }

  /** It may be wanted again: it does not close before that is settled. */
  stay(): void {
    if (this.#state !== "closing") return;
    const { nowMs } = this.#context.engine.deadlines;
    this.#closingSinceMs = nowMs;
    this.deadlineMs = nowMs + CLOSING_MS;
  }

  onDeadline(): void {
    const { exactMs } = this.#context.engine.deadlines;
    if (exactMs - this.#lastComerMs >= QUIET_MS || exactMs - this.#closingSinceMs >= CLOSING_MS) this.close();
  }

  /** Accepts no more. Connections go on. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#context.engine.deadlines.remove(this);
    for (const socket of this.#parked.splice(0)) socket.destroy();
    this.#server.close();
    for (const connection of this.#connections.keys()) connection.drain();
  }

  /** Ends every connection at once. */
  destroyConnections(): void {
    for (const one of this.#entering) one.destroy();
    for (const connection of this.#connections.keys()) connection.destroy();
  }

  onHttp2(connection: DoorConnection, peer: Peer, socket: Socket): void {
    const place = this.#connections.get(connection);
    if (place === undefined) return;
    this.#connections.delete(connection);
    this.#connections.set(new ServerSession(this.#context.engine, this, peer, socket), place);
  }

  enterUpgrade(connection: DoorConnection): boolean {
    const place = this.#connections.get(connection);
    return place === undefined || this.#context.limits.enterUpgrade(this.#entryPoint, place);
  }

  leaveUpgrade(connection: DoorConnection): void {
    const place = this.#connections.get(connection);
    if (place !== undefined) this.#context.limits.leaveUpgrade(place);
  }

  onConnectionClosed(connection: DoorConnection): void {
    const place = this.#connections.get(connection);
    if (place === undefined) return;
    this.#connections.delete(connection);
    this.#leave(place);
  }

  // --- from accept to connection: limits, PROXY protocol, TLS ---

  #onAccept(socket: Socket): void {
    const { engine, overload } = this.#context;
    this.#lastAcceptMs = engine.deadlines.nowMs;
    if (this.#state === "closing") this.#lastComerMs = engine.deadlines.exactMs;
    engine.counters.add(COUNTER.connectionsAccepted, 1);
    const isFull = overload.isShedding || engine.counters.read(COUNTER.connectionsOpen) >= CONNECTIONS_MAX;
    if (isFull || this.#parked.length >= PARKED_CONNECTIONS_MAX) this.#refuse(socket, COUNTER.connectionsShed);
    else if (this.#state === "parked") this.#parked.push(socket);
    else this.#admit(socket);
  }

  #admit(socket: Socket): void {
    const remote = socket.remoteAddress;
    // Gone before it was looked at.
    if (remote === undefined) {
      socket.destroy();
      return;
    }
    const { limits, engine } = this.#context;
    const place = limits.enter(this.#entryPoint);
    if (place === null) {
      this.#refuse(socket, COUNTER.connectionsOverLimit);
      return;
    }
    engine.counters.add(COUNTER.connectionsOpen, 1);
    const address = plainAddress(remote);
    const deadlineMs = engine.deadlines.nowMs + this.#policy.timeouts.handshakeMs;
    if (this.#announcing.has(address)) this.#awaitHeader(socket, address, place, deadlineMs);
    else this.#greet(socket, address, place, deadlineMs, NOTHING);
  }

  /** The peer speaks for somebody, and says for whom. */
  #awaitHeader(socket: Socket, address: string, place: Place, deadlineMs: number): void {
    const { engine } = this.#context;
    const preface: ProxyPreface = new ProxyPreface(engine.deadlines, socket, deadlineMs, (end) => {
      this.#entering.delete(preface);
      if (end.outcome === "refused") engine.counters.add(COUNTER.proxyHeadersRefused, 1);
      if (end.outcome === "read") this.#greet(socket, end.source ?? address, place, deadlineMs, end.rest);
      else this.#leave(place);
    });
    this.#entering.add(preface);
  }

  /** From here on `address` is the client's; `rest` is what has been read of its bytes. */
  #greet(socket: Socket, address: string, place: Place, deadlineMs: number, rest: Buffer): void {
    const entryPoint = this.#entryPoint;
    if (!this.#context.limits.enterAs(address, entryPoint, place)) {
      this.#leave(place);
      this.#refuse(socket, COUNTER.connectionsOverAddressLimit);
      return;
    }
    const peer: Peer = { isTls: entryPoint.tls, address, isTrusted: this.#trusted.has(address), policy: this.#policy };
    if (entryPoint.tls) this.#shakeHands(socket, peer, place, deadlineMs, rest);
    else this.#connect(peer, place, (events) => ByteSocket.accepted(socket, events, this.#context.readMode), rest);
  }

  #shakeHands(socket: Socket, peer: Peer, place: Place, deadlineMs: number, rest: Buffer): void {
    const { engine, tls } = this.#context;
    if (rest.length > 0) socket.unshift(rest);
    const limitMs = deadlineMs - engine.deadlines.nowMs;
    const handshake: Handshake = new Handshake(engine, tls, this.#entryPoint.name, socket, limitMs, (secured) => {
      this.#entering.delete(handshake);
      if (secured === null) {
        this.#leave(place);
        return;
      }
      const known: Peer = { ...peer, tls: secured.peer };
      if (secured.socket.alpnProtocol === HTTP2_PROTOCOL) {
        this.#connections.set(new ServerSession(engine, this, known, secured.socket), place);
      } else this.#connect(known, place, (events) => ByteSocket.secured(secured.socket, socket, events), NOTHING);
    });
    this.#entering.add(handshake);
  }

  #connect(peer: Peer, place: Place, take: (events: SocketEvents) => ByteSocket, rest: Buffer): void {
    let taken: ByteSocket | undefined;
    const connection = new ServerConnection(this.#context.engine, this, peer, (events) => {
      taken = take(events);
      return taken;
    });
    this.#connections.set(connection, place);
    if (rest.length > 0) taken?.deliver(rest);
  }

  #refuse(socket: Socket, counter: CounterIndex): void {
    this.#context.engine.counters.add(counter, 1);
    socket.destroy();
  }

  #leave(place: Place): void {
    this.#context.limits.leave(place);
    this.#context.engine.counters.add(COUNTER.connectionsOpen, -1);
  }
}
