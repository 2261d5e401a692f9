import type { SecureContext } from "node:tls";
import { HTTP_PROTOCOLS } from "../../model/application-protocols.ts";
import type { ClientAuthMode } from "../../model/tls-option.ts";
import { SECURE_CONTEXTS_MAX } from "../http1/limits.ts";
import type { Member } from "../route/index-keys.ts";
import type { CurrentOption, LiveTls } from "../worker/live-tls.ts";
import type { KeyPair, SecureContexts } from "./secure-contexts.ts";

/** On what terms a TLS connection is made: all that the name a client asks for settles. */
export interface TlsTerms {
  readonly context: SecureContext;
  /** Application protocols that are offered, preferred ones first. */
  readonly protocols: readonly string[];
  /** Null: clients are not asked for a certificate. */
  readonly clientAuth: ClientAuthMode | null;
  /** As in `Router.tlsOption`. */
  readonly optionId: string | null;
  /** Whether the terms are still those of a connection made now. */
  isCurrent(): boolean;
}

/** Finds the terms for a connection to an entry point, by the name the client asks for ("" when it names none). */
export interface TermsSource {
  /** Null: nobody may connect. */
  termsFor(entryPoint: string, serverName: string): TlsTerms | null;
}

/** The pairs a connection shows, and what tells them from others. */
interface Shown {
  readonly key: string;
  readonly pairs: () => readonly KeyPair[];
}

/** The terms as the live world has them. */
export class LiveTerms implements TermsSource {
  readonly #live: LiveTls;
  readonly #contexts: SecureContexts;
  readonly #selfSigned: KeyPair;
  readonly #ownTicketSecret: Buffer;
  /** By entry point and server name, as of one generation. Clients choose the names: bounded. */
  readonly #known = new Map<string, TlsTerms | null>();
  #knownGeneration = -1;

  /** `ownTicketSecret`: bytes all workers of this proxy share, for where the class has none for all its proxies. */
  constructor(live: LiveTls, contexts: SecureContexts, selfSigned: KeyPair, ownTicketSecret: Uint8Array) {
    this.#live = live;
    this.#contexts = contexts;
    this.#selfSigned = selfSigned;
    this.#ownTicketSecret = Buffer.from(ownTicketSecret);
  }

  termsFor(entryPoint: string, serverName: string): TlsTerms | null {
    const { generation } = this.#live;
    if (generation !== this.#knownGeneration || this.#known.size >= SECURE_CONTEXTS_MAX) this.#known.clear();
    this.#knownGeneration = generation;
    const key = `${entryPoint}\n${serverName}`;
    let terms = this.#known.get(key);
    if (terms === undefined) {
      terms = this.#make(entryPoint, serverName);
      this.#known.set(key, terms);
    }
    return terms;
  }

  #make(entryPoint: string, serverName: string): TlsTerms | null {
    const current = this.#live.optionFor(entryPoint, serverName);
    if (current === null) return null;
    const context = this.#contextFor(serverName, current);
    if (context === null) return null;
    const { id, fingerprint, option } = current;
    const live = this.#live;
    let { generation } = live;
    return {
      context,
      protocols: option?.protocols ?? HTTP_PROTOCOLS,
      clientAuth: option?.clientAuth?.mode ?? null,
      optionId: id,
      isCurrent() {
        if (generation === live.generation) return true;
        const now = live.optionFor(entryPoint, serverName);
        if (now === null || now.id !== id || now.fingerprint !== fingerprint) return false;
        generation = live.generation;
        return true;
      },
    };
  }

  #contextFor(serverName: string, { option, fingerprint }: CurrentOption): SecureContext | null {
    const ticketSecret = this.#live.ticketSecret() ?? this.#ownTicketSecret;
    for (const { key, pairs } of this.#shownTo(serverName, option?.isSniStrict === true)) {
      const context = this.#contexts.get({ pairsKey: key, pairs, option, optionKey: fingerprint, ticketSecret });
      if (context !== null) return context;
    }
    return null;
  }

  /** What can be shown to who asks for a name: its certificates; where they cannot be had the default one, unless the option is strict. */
  *#shownTo(serverName: string, isStrict: boolean): Generator<Shown> {
    const named = this.#live.certificatesFor(serverName);
    if (named.length > 0) yield this.#shown(named);
    if (isStrict) return;
    const { certificate } = this.#live.defaults() ?? {};
    const fingerprint = certificate === undefined ? null : this.#live.fingerprintOf(certificate);
    if (certificate !== undefined && fingerprint !== null) yield this.#shown([{ id: certificate, fingerprint }]);
    yield { key: "self-signed", pairs: () => [this.#selfSigned] };
  }

  #shown(members: readonly Member[]): Shown {
    return {
      key: members.map(({ fingerprint }) => fingerprint).join(""),
      pairs: () => members.flatMap(({ id }) => this.#live.certificate(id) ?? []),
    };
  }
}
