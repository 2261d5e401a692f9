import { X509Certificate } from "node:crypto";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { ServersTransport } from "../../model/servers-transport.ts";
import { TLS_VERSION_MAX, TLS_VERSION_MIN } from "../../model/tls-option.ts";
import { WRITE_QUEUE_BYTES } from "../http1/limits.ts";

/** What is spoken over TLS to servers, where nothing else is asked for. */
const PROTOCOLS: readonly string[] = ["http/1.1"];

/** A TLS connection to a server, and what is under it. */
export interface SecuredSocket {
  readonly secured: TLSSocket;
  readonly tcp: Socket;
}

/**
 * How TLS is spoken to one server: what it is asked for, what it must show, what it is shown. Sessions resume.
 *
 * Everything is checked unless the transport says `skipsVerification`; its authorities take the place of those that Node brings.
 */
export class ServerTls {
  readonly #transport: ServersTransport | null;
  /** Of the server as endpoints have it: a DNS name, or an IP address. */
  readonly #name: string;
  readonly #context: SecureContext;
  #session: Buffer | undefined;

  /** Throws when the TLS library does not take what the transport says. */
  constructor(transport: ServersTransport | null, name: string) {
    this.#transport = transport;
    this.#name = transport?.serverName ?? name;
    const { minVersion = TLS_VERSION_MIN, maxVersion = TLS_VERSION_MAX, ciphers, authorities, certificates } = transport ?? {};
    this.#context = createSecureContext({
      minVersion,
      maxVersion,
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(authorities === undefined ? {} : { ca: [...authorities] }),
      ...(certificates === undefined
        ? {}
        : { cert: certificates.map(({ chainPem }) => chainPem), key: certificates.map(({ keyPem }) => keyPem) }),
    });
  }

  /** Begins a connection to an IP address. It fails with an error where the server is not who it should be. `protocols`: for ALPN. */
  connect(host: string, port: number, protocols = PROTOCOLS): SecuredSocket {
    const tcp = connectTcp({ host, port, noDelay: true, highWaterMark: WRITE_QUEUE_BYTES, autoSelectFamily: false } as object as {
      port: number;
    });
    const secured = connect({
      socket: tcp,
      secureContext: this.#context,
      // RFC 6066 §3: no address is ever sent as a name.
      ...(isIP(this.#name) === 0 ? { servername: this.#name } : { servername: "" }),
      ...(this.#session === undefined ? {} : { session: this.#session }),
      ALPNProtocols: [...protocols],
      rejectUnauthorized: this.#transport?.skipsVerification !== true,
      checkServerIdentity: (_name, certificate) => this.#identityObstacle(certificate),
    });
    // A handshake that fails leaves nothing to be resumed.
    secured.on("session", (session: Buffer) => {
      this.#session = session;
    });
    return { secured, tcp };
  }

  #identityObstacle(certificate: PeerCertificate): Error | undefined {
    const wanted = this.#transport?.peerNames;
    if (wanted === undefined) return checkServerIdentity(this.#name, certificate);
    const { subjectAltName = "" } = new X509Certificate(certificate.raw);
    const names = new Set(subjectAltName.split(", "));
    const holds = wanted.some(({ type, value }) => names.has(type === "URI" ? `URI:${value}` : `DNS:${value}`));
    return holds ? undefined : new Error("the certificate holds none of the names that are asked for");
  }
}
