import { createServer, type Server, type Socket } from "node:net";
import type { EntryPoint } from "../../model/entry-point.ts";
import { COUNTER } from "../../telemetry/worker-counters.ts";
import { type ConnectionPolicy, connectionPolicy } from "../http1/connection-policy.ts";
import type { Door } from "../http1/connection-state.ts";
import type { Peer } from "../http1/exchange.ts";
import { CONNECTIONS_MAX, PARKED_CONNECTIONS_MAX, WRITE_QUEUE_BYTES } from "../http1/limits.ts";
import { ServerConnection } from "../http1/server-connection.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { ByteSocket, type ReadMode, type SocketEvents } from "./byte-socket.ts";
import { Handshake } from "./handshake.ts";
import type { TermsSource } from "./tls-terms.ts";
import { plainAddress, TrustedPeers } from "./trusted-peers.ts";

/** Connections the kernel queues before they are accepted. */
const BACKLOG = 4096;
/** A listener that is to go closes once this long has brought no connection… */
const QUIET_MS = 2_000;
/** …and at the latest after this long. */
const CLOSING_MS = 15_000;

/** What listeners of a worker share. */
export interface ListenContext {
  readonly engine: Engine;
  readonly tls: TermsSource;
  /** How plaintext connections are read. */
  readonly readMode: ReadMode;
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
  readonly #connections = new Set<ServerConnection>();
  readonly #handshakes = new Set<Handshake>();
  readonly #parked: Socket[] = [];
  #entryPoint: EntryPoint;
  #trusted: TrustedPeers;
  #policy: ConnectionPolicy;
  #state: "parked" | "live" | "closing" | "closed" = "parked";
  #lastAcceptMs = 0;
  #closingSinceMs = 0;

  constructor(entryPoint: EntryPoint, context: ListenContext) {
    this.#entryPoint = entryPoint;
    this.#context = context;
    this.#trusted = new TrustedPeers(entryPoint.trustedProxies);
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
    return this.#context.engine.isDraining || this.#state === "closing" || this.#state === "closed";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Connections that are open, handshakes included. */
  get connectionCount(): number {
    return this.#connections.size + this.#handshakes.size;
  }

  /** When the last connection came, on the engine's clock. */
  get lastAcceptMs(): number {
    return this.#lastAcceptMs;
  }

  /** Connections with an exchange under way, or on their way to the first. */
  get busyCount(): number {
    let count = this.#handshakes.size;
    for (const connection of this.#connections) if (connection.isBusy) count++;
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
    this.#policy = connectionPolicy(entryPoint.policy, this.#context.engine.timeouts);
    if (this.#state === "closing") this.#context.engine.deadlines.remove(this);
    if (this.#state === "live" || this.#state === "closed") return;
    this.#state = "live";
    for (const socket of this.#parked.splice(0)) this.#serve(socket);
  }

  /** It has left the configuration. Idle connections stay until it closes: closing one can cross a request on its way. */
  leave(): void {
    if (this.#state !== "live") {
      this.close();
      return;
    }
    const { deadlines } = this.#context.engine;
    this.#state = "closing";
    this.#closingSinceMs = deadlines.nowMs;
    this.deadlineMs = deadlines.nowMs + QUIET_MS;
    deadlines.add(this);
  }

  /** It may be wanted again: it does not close before that is settled. */
  stay(): void {
    if (this.#state !== "closing") return;
    const { nowMs } = this.#context.engine.deadlines;
    this.#closingSinceMs = nowMs;
    this.deadlineMs = nowMs + CLOSING_MS;
  }

  onDeadline(): void {
    const { nowMs } = this.#context.engine.deadlines;
    const quietMs = nowMs - Math.max(this.#lastAcceptMs, this.#closingSinceMs);
    if (quietMs >= QUIET_MS || nowMs - this.#closingSinceMs >= CLOSING_MS) this.close();
  }

  /** Accepts no more. Connections go on. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#context.engine.deadlines.remove(this);
    for (const socket of this.#parked.splice(0)) socket.destroy();
    this.#server.close();
    for (const connection of this.#connections) connection.drain();
  }

  /** Ends every connection at once. */
  destroyConnections(): void {
    for (const handshake of this.#handshakes) handshake.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  onConnectionClosed(connection: ServerConnection): void {
    if (this.#connections.delete(connection)) this.#context.engine.counters.add(COUNTER.connectionsOpen, -1);
  }

  #onAccept(socket: Socket): void {
    const { engine } = this.#context;
    this.#lastAcceptMs = engine.deadlines.nowMs;
    engine.counters.add(COUNTER.connectionsAccepted, 1);
    if (engine.counters.read(COUNTER.connectionsOpen) >= CONNECTIONS_MAX) socket.destroy();
    else if (this.#state !== "parked") this.#serve(socket);
    else if (this.#parked.length < PARKED_CONNECTIONS_MAX) this.#parked.push(socket);
    else socket.destroy();
  }

  #serve(socket: Socket): void {
    const remote = socket.remoteAddress;
    // Gone before it was looked at.
    if (remote === undefined) {
      socket.destroy();
      return;
    }
    const address = plainAddress(remote);
    const { tls: isTls } = this.#entryPoint;
    const peer: Peer = { isTls, address, isTrusted: this.#trusted.has(address), policy: this.#policy };
    if (isTls) this.#shakeHands(socket, peer);
    else this.#connect(peer, (events) => ByteSocket.accepted(socket, events, this.#context.readMode));
  }

  #shakeHands(socket: Socket, peer: Peer): void {
    const { engine, tls } = this.#context;
    engine.counters.add(COUNTER.connectionsOpen, 1);
    const { handshakeMs } = peer.policy.timeouts;
    const handshake: Handshake = new Handshake(engine, tls, this.#entryPoint.name, socket, handshakeMs, (secured) => {
      engine.counters.add(COUNTER.connectionsOpen, -1);
      this.#handshakes.delete(handshake);
      if (secured === null) return;
      const known: Peer = { ...peer, tls: secured.peer };
      this.#connect(known, (events) => ByteSocket.secured(secured.socket, socket, events));
    });
    this.#handshakes.add(handshake);
  }

  #connect(peer: Peer, take: (events: SocketEvents) => ByteSocket): void {
    const { engine } = this.#context;
    engine.counters.add(COUNTER.connectionsOpen, 1);
    this.#connections.add(new ServerConnection(engine, this, peer, take));
  }
}
