import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { SECURE_CONTEXTS_MAX } from "../http1/limits.ts";

/** A certificate as TLS needs it, and what tells it from others. */
export interface KeyPair {
  /** Changes whenever chain or key do. */
  readonly fingerprint: string;
  readonly chainPem: string;
  readonly keyPem: string;
}

/**
 * TLS contexts, made at the first handshake that needs them (0.35 ms and 30 KB each) and kept by certificate fingerprint. Bounded: the
 * one unused for longest goes.
 */
export class SecureContexts {
  readonly #ticketKeys: Buffer;
  readonly #max: number;
  readonly #contexts = new Map<string, SecureContext>();

  /** `ticketKeys`: 48 bytes all workers share, so that a session may resume on another worker. */
  constructor(ticketKeys: Uint8Array, max = SECURE_CONTEXTS_MAX) {
    this.#ticketKeys = Buffer.from(ticketKeys);
    this.#max = max;
  }

  get size(): number {
    return this.#contexts.size;
  }

  /** Null when chain and key cannot be used. */
  get(pair: KeyPair): SecureContext | null {
    const { fingerprint } = pair;
    const known = this.#contexts.get(fingerprint);
    const context = known ?? this.#make(pair);
    if (context === null) return null;
    if (known !== undefined) this.#contexts.delete(fingerprint);
    this.#contexts.set(fingerprint, context);
    if (this.#contexts.size > this.#max) this.#contexts.delete(this.#contexts.keys().next().value as string);
    return context;
  }

  #make({ chainPem, keyPem }: KeyPair): SecureContext | null {
    const options: SecureContextOptions & { ticketKeys: Buffer } = {
      cert: chainPem,
      key: keyPem,
      minVersion: "TLSv1.2",
      ticketKeys: this.#ticketKeys,
      sessionIdContext: "fairway",
    };
    try {
      return createSecureContext(options);
    } catch {
      // OpenSSL does not take the pair. The operator checks Secrets and tells; here another certificate serves.
      return null;
    }
  }
}
