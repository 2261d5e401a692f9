import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { CLIENT_HELLO_BYTES_MAX } from "../http1/limits.ts";
import type { Timed } from "../pipeline/deadlines.ts";
import type { Engine } from "../pipeline/engine.ts";
import { parseClientHello } from "./client-hello.ts";
import { clientCertificateOf, TlsPeer } from "./tls-peer.ts";
import type { TermsSource, TlsTerms } from "./tls-terms.ts";

/** A TLS connection whose handshake is done, and who is at its other end. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly peer: TlsPeer;
}

/** A fatal alert in plaintext (RFC 8446 §6, RFC 6066 §3). */
const UNRECOGNIZED_NAME = Buffer.of(21, 3, 3, 0, 2, 2, 112);

/** What ALPN calls HTTP/2 (RFC 9113 §3.1). */
export const HTTP2_PROTOCOL = "h2";

/**
 * One TLS connection from accept to the end of its handshake: the ClientHello is peeked before the TLS socket is made, so that the
 * name the client asks for settles everything about it.
 */
export class Handshake implements Timed {
  deadlineMs: number;
  timedAt = -1;
  readonly #engine: Engine;
  readonly #terms: TermsSource;
  readonly #entryPoint: string;
  readonly #socket: Socket;
  readonly #onEnd: (secured: Secured | null) => void;
  readonly #onReadable = () => this.#peek();
  readonly #onClose = () => this.destroy();
  #bytes: Buffer = Buffer.alloc(0);
  #secured: TLSSocket | null = null;

  /**
   * On a connection to `entryPoint`; it may take `limitMs`. `onEnd` is called once: with what is secured when the handshake is done, with
   * null when the connection is gone.
   */
  constructor(
    engine: Engine,
    terms: TermsSource,
    entryPoint: string,
    socket: Socket,
    limitMs: number,
    onEnd: (secured: Secured | null) => void,
  ) {
    this.#engine = engine;
    this.#terms = terms;
    this.#entryPoint = entryPoint;
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.deadlineMs = engine.deadlines.nowMs + limitMs;
    engine.deadlines.add(this);
    socket.on("readable", this.#onReadable);
    socket.on("error", ignore);
    socket.on("close", this.#onClose);
    socket.on("end", this.#onClose);
    socket.read(0);
  }

  onDeadline(): void {
    this.destroy();
  }

  destroy(): void {
    (this.#secured ?? this.#socket).destroy();
    this.#end(null);
  }

  #peek(): void {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const hello = parseClientHello(this.#bytes);
    if (hello === "more" && this.#bytes.length <= CLIENT_HELLO_BYTES_MAX * 2) return;
    if (typeof hello === "string") {
      this.destroy();
      return;
    }
    const terms = this.#terms.termsFor(this.#entryPoint, hello.serverName);
    if (terms === null) this.#refuse();
    else this.#secure(hello.serverName, terms);
  }

  /** Says that nobody may connect to this name, and ends: a client is told, not left to guess. */
  #refuse(): void {
    this.#socket.off("readable", this.#onReadable);
    this.#socket.end(UNRECOGNIZED_NAME, () => this.destroy());
  }

  #secure(serverName: string, terms: TlsTerms): void {
    const socket = this.#socket;
    socket.off("readable", this.#onReadable);
    socket.off("close", this.#onClose);
    socket.off("end", this.#onClose);
    socket.unshift(this.#bytes);
    const { context: secureContext, protocols, clientAuth } = terms;
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: [...protocols],
      requestCert: clientAuth !== null,
      // OpenSSL itself refuses who shows nothing; whether what is shown is any good is asked when it is done.
      rejectUnauthorized: clientAuth === "require" || clientAuth === "requireAndVerify",
    });
    this.#secured = secured;
    secured.on("error", ignore);
    secured.on("close", this.#onClose);
    secured.on("secure", () => {
      const certificate = clientCertificateOf(secured, clientAuth);
      if (certificate === "refused") {
        this.destroy();
        return;
      }
      secured.off("close", this.#onClose);
      this.#end({ socket: secured, peer: new TlsPeer(serverName, certificate, terms) });
    });
  }

  #end(secured: Secured | null): void {
    if (this.timedAt < 0) return;
    this.#engine.deadlines.remove(this);
    this.#onEnd(secured);
  }
}

function ignore(): void {
  // The close event follows, and says all that matters.
}
