import type { Failure } from "../../model/failure.ts";
import { type PoolContext, ServerConnections } from "../upstream/server-connections.ts";
import type { SecuredSocket, ServerTls } from "../upstream/server-tls.ts";
import type { UpstreamConnection, Waiter } from "../upstream/upstream-connection.ts";
import { ClientSession, type SessionOwner } from "./client-session.ts";
import { SERVER_SESSIONS_MAX } from "./limits.ts";

/** The HTTP/2 connections of one worker to one server: another is made when all streams that the server allows are in use. */
export class Http2Pool extends ServerConnections implements SessionOwner {
  readonly #onOtherProtocol: (waiters: readonly Waiter[], socket: SecuredSocket) => void;
  /** Those that stand, and take requests. */
  readonly #sessions: ClientSession[] = [];
  #isDialing = false;

  /**
   * `tls`: how TLS is spoken; null in plaintext. `onOtherProtocol` gets those who wait for a server that turns out not to speak HTTP/2,
   * and the connection.
   */
  constructor(
    address: string,
    port: number,
    context: PoolContext,
    tls: ServerTls | null = null,
    onOtherProtocol: (waiters: readonly Waiter[], socket: SecuredSocket) => void = () => {},
  ) {
    super(address, port, context, tls);
    this.#onOtherProtocol = onOtherProtocol;
  }

  override get idle(): number {
    return this.#sessions.filter((session) => session.isIdle).length;
  }

  override takeIdle(): UpstreamConnection | null {
    for (const session of this.#sessions) if (session.hasRoom) return session.take();
    return null;
  }

  override release(): void {
    // A stream ends with its request.
  }

  override retire(): void {
    this.isRetired = true;
    for (const session of this.#sessions.splice(0)) session.drain();
  }

  onReady(session: ClientSession): void {
    this.#isDialing = false;
    if (this.isRetired && this.waiters.length === 0) session.drain();
    else this.#sessions.push(session);
    this.#serve();
  }

  onOtherProtocol(socket: SecuredSocket): void {
    this.#isDialing = false;
    this.count(-1);
    this.#onOtherProtocol(this.waiters.takeAll(), socket);
  }

  onRoom(): void {
    this.#serve();
  }

  onLeaving(session: ClientSession): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  onGone(session: ClientSession, failure: Failure | null): void {
    this.onLeaving(session);
    this.count(-1);
    if (failure !== null) {
      this.#isDialing = false;
      this.waiters.next()?.onNoConnection(failure);
    }
    this.#serve();
  }

  #serve(): void {
    while (this.waiters.length > 0) {
      const connection = this.takeIdle();
      if (connection === null) break;
      (this.waiters.next() as Waiter).onConnection(connection);
    }
    this.dial();
  }

  /** One connection at a time: it takes many requests. */
  protected override dial(): void {
    if (this.#isDialing || this.waiters.length === 0 || this.open >= SERVER_SESSIONS_MAX) return;
    this.#isDialing = true;
    this.countDialled();
    new ClientSession(this, this.address, this.port, this.context, this.tls);
  }
}
