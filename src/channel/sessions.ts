import type { Http2SecureServer, Http2Server, ServerHttp2Session } from "node:http2";

/** The open HTTP/2 connections of a server. One on which nothing passes for long is closed: it has no live stream. */
export class Sessions {
  readonly #open = new Set<ServerHttp2Session>();

  /** `idleMs`: how long nothing may pass; longer than the pause between heartbeats. */
  constructor(server: Http2Server | Http2SecureServer, idleMs: number) {
    server.on("session", (session: ServerHttp2Session) => {
      this.#open.add(session);
      session.once("close", () => this.#open.delete(session));
      session.setTimeout(2 * idleMs, () => session.destroy());
    });
    // A handshake that fails is the client's affair: it sees why.
    server.on("sessionError", () => {});
  }

  /** Asks all of them to end after their streams. */
  close(): void {
    for (const session of this.#open) session.close();
  }

  destroy(): void {
    for (const session of this.#open) session.destroy();
  }
}
