import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../../extensions/middlewares/exchange.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { ClientAuthMode } from "../../model/tls-option.ts";
import type { TlsTerms } from "./tls-terms.ts";

/** What a finished handshake says of a client, for as long as its connection lasts. */
export class TlsPeer {
  /** The name it asked for, lower case; "" for none. */
  readonly serverName: string;
  /** What it showed; null: nothing. */
  readonly certificate: ClientCertificate | null;
  readonly #terms: TlsTerms;

  constructor(serverName: string, certificate: ClientCertificate | null, terms: TlsTerms) {
    this.serverName = serverName;
    this.certificate = certificate;
    this.#terms = terms;
  }

  /** Whether a router with this TLSOption (as in `Router.tlsOption`) may serve requests of the connection. */
  agreesTo(option: string | null | undefined): boolean {
    return option !== null && (option ?? null) === this.#terms.optionId;
  }

  /** Whether the connection would be made on the same terms now. */
  isCurrent(): boolean {
    return this.#terms.isCurrent();
  }
}

/** The certificate a client showed, or why its connection may not be used. */
export function clientCertificateOf(socket: TLSSocket, mode: ClientAuthMode | null): ClientCertificate | null | "refused" {
  if (mode === null) return null;
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return mode === "require" || mode === "requireAndVerify" ? "refused" : null;
  const verifies = mode === "verifyIfGiven" || mode === "requireAndVerify";
  if (verifies && !isVerified(socket, shown)) return "refused";
  return new ShownCertificate(shown, verifies);
}

/** What Node keeps under a TLS socket; not documented, and what its own server asks at the same moment. */
interface WithVerifyError {
  readonly _handle: { verifyError(): Error | null } | null;
}

/** A session that resumes brings the verdict of its first handshake along: by now the certificate may have run out. */
function isVerified(socket: TLSSocket, shown: X509Certificate): boolean {
  const handle = (socket as unknown as WithVerifyError)._handle;
  if (handle === null || handle.verifyError()) return false;
  return !socket.isSessionReused() || shown.validToDate.getTime() > systemClock.now();
}

/** Everything but the certificate itself is made when somebody asks. */
class ShownCertificate implements ClientCertificate {
  readonly isVerified: boolean;
  readonly leaf: X509Certificate;

  constructor(leaf: X509Certificate, isVerified: boolean) {
    this.leaf = leaf;
    this.isVerified = isVerified;
  }

  get pem(): string {
    return this.leaf.toString();
  }
}
