import { createHash, hkdfSync, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { systemClock } from "../../kernel/clock.ts";
import type { TlsOption } from "../../model/tls-option.ts";
import { SECURE_CONTEXTS_MAX } from "../http1/limits.ts";
import { optionContext } from "./option-context.ts";

/** A certificate and its key as TLS needs them. */
export interface KeyPair {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** All that a context is made of; `pairs` is asked only where it is not there yet. */
export interface ContextWish {
  /** The same for two wishes with the same certificates. */
  readonly pairsKey: string;
  /** Certificates for one name, in order of preference: of each type of key the first that can be used counts. */
  readonly pairs: () => readonly KeyPair[];
  /** Null: what is built in. */
  readonly option: TlsOption | null;
  /** Tells the versions of `option` apart. */
  readonly optionKey: string;
  /** What session tickets are protected with. */
  readonly ticketSecret: Buffer;
}

/** Bytes of the keys a context takes for its tickets: a name, and one each for HMAC and AES. */
const TICKET_KEY_BYTES = 48;

/**
 * TLS contexts, made at the first handshake that needs them (0.35 ms and 30 KB each) and kept by what they are made of. Bounded: the
 * one unused for longest goes.
 */
export class SecureContexts {
  readonly #max: number;
  readonly #contexts = new Map<string, SecureContext>();

  constructor(max = SECURE_CONTEXTS_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#contexts.size;
  }

  /** Null when none of the pairs can be used. */
  get(wish: ContextWish): SecureContext | null {
    const key = `${wish.optionKey}\n${wish.ticketSecret.toString("latin1")}\n${wish.pairsKey}`;
    const known = this.#contexts.get(key);
    const context = known ?? make(wish);
    if (context === null) return null;
    if (known !== undefined) this.#contexts.delete(key);
    this.#contexts.set(key, context);
    if (this.#contexts.size > this.#max) this.#contexts.delete(this.#contexts.keys().next().value as string);
    return context;
  }
}

function make({ pairs, option, optionKey, ticketSecret }: ContextWish): SecureContext | null {
  const usable = onePerType(pairs());
  if (usable.length === 0) return null;
  // A session belongs to the option it was begun under, and to no other version of it: neither its key nor its id fits elsewhere.
  const about = `${option?.id ?? ""}\n${optionKey}`;
  const options: SecureContextOptions & { ticketKeys: Buffer } = {
    ...optionContext(option),
    cert: usable.map(({ chainPem }) => chainPem),
    key: usable.map(({ keyPem }) => keyPem),
    ticketKeys: Buffer.from(hkdfSync("sha256", ticketSecret, "", `fairway ticket keys ${about}`, TICKET_KEY_BYTES)),
    sessionIdContext: createHash("sha256").update(about, "latin1").digest("hex").slice(0, 32),
  };
  return attempt(() => createSecureContext(options));
}

/** Of each type of key the first pair that OpenSSL takes; one that has expired comes last. The operator checks Secrets and tells. */
function onePerType(pairs: readonly KeyPair[]): readonly KeyPair[] {
  const byType = new Map<string, { readonly pair: KeyPair; readonly isExpired: boolean }>();
  for (const pair of pairs) {
    if (attempt(() => createSecureContext({ cert: pair.chainPem, key: pair.keyPem })) === null) continue;
    const leaf = new X509Certificate(pair.chainPem);
    const isExpired = leaf.validToDate.getTime() < systemClock.now();
    const type = leaf.publicKey.asymmetricKeyType ?? "";
    const former = byType.get(type);
    if (former === undefined || (former.isExpired && !isExpired)) byType.set(type, { pair, isExpired });
  }
  const chosen = [...byType.values()];
  const valid = chosen.filter(({ isExpired }) => !isExpired);
  return (valid.length > 0 ? valid : chosen).map(({ pair }) => pair);
}

function attempt(create: () => SecureContext): SecureContext | null {
  try {
    return create();
  } catch {
    return null;
  }
}
