import type { SecureContext } from "node:tls";
import type { CurrentCertificate } from "../worker/world.ts";
import type { KeyPair, SecureContexts } from "./secure-contexts.ts";

/** Where certificates come from: the live world. */
export interface CertificateSource<Id> {
  /** For a server name, best first. */
  certificates(serverName: string): readonly Id[];
  certificate(id: Id): CurrentCertificate | null;
}

/** Chooses the TLS context for the name a client asks for. */
export class ServerCertificates<Id> {
  readonly #source: CertificateSource<Id>;
  readonly #contexts: SecureContexts;
  readonly #default: KeyPair;

  constructor(source: CertificateSource<Id>, contexts: SecureContexts, defaultCertificate: KeyPair) {
    this.#source = source;
    this.#contexts = contexts;
    this.#default = defaultCertificate;
  }

  /** The best certificate that names `serverName` and can be used; the default one where there is none. */
  contextFor(serverName: string): SecureContext {
    for (const id of serverName === "" ? [] : this.#source.certificates(serverName)) {
      const current = this.#source.certificate(id);
      if (current === null) continue;
      const { chainPem, keyPem } = current.certificate;
      const context = this.#contexts.get({ fingerprint: current.fingerprint, chainPem, keyPem });
      if (context !== null) return context;
    }
    const context = this.#contexts.get(this.#default);
    if (context === null) throw new Error("the default certificate cannot be used");
    return context;
  }
}
