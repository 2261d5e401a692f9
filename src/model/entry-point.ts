import type { ResourceId } from "./ids.ts";

/** A listening port. Its name is what routers refer to. */
export interface EntryPoint {
  readonly id: ResourceId<"entryPoint">;
  readonly name: string;
  /** IP address to bind; "" binds all addresses. */
  readonly host: string;
  /** TCP port; 0 lets the system choose (the supervisor settles it once for all workers). */
  readonly port: number;
  /** Whether connections are TLS. */
  readonly tls: boolean;
  /** CIDRs of peers whose X-Forwarded-* headers are believed. Empty: nobody's. */
  readonly trustedProxies: readonly string[];
  /** CIDRs of peers whose connections begin with a PROXY protocol header, which names the client. Absent: nobody's. */
  readonly proxyProtocolFrom?: readonly string[];
  /** What differs from the defaults; absent where nothing does. */
  readonly policy?: EntryPointPolicy;
  /**
   * Present where it cannot be honoured as it is written now: who has it open, by its name, leaves it as it is, whatever is said here, and
   * nobody opens it.
   */
  readonly asBefore?: true;
}

/**
 * What is asked of the clients of one entry point; what is absent has the default of the proxy (docs/reference/limits.md). A change
 * holds for connections that come after it. 0 means no limit, and no end, where the default may be turned off.
 */
export interface EntryPointPolicy {
  /** Present where the client's address is not added to X-Forwarded-For. */
  readonly hidesClientAddress?: true;
  /** Connections open at a time, over all workers of a proxy. */
  readonly connectionsMax?: number;
  /** The same of one client address; of IPv6 the first 64 bits count. */
  readonly connectionsPerAddressMax?: number;
  /** Upgraded connections open at a time, over all workers of a proxy. */
  readonly upgradedConnectionsMax?: number;
  /** Names, in lower case, of request fields that pass though the client lists them in Connection. */
  readonly keptFields?: readonly string[];
  readonly requestsPerConnectionMax?: number;
  readonly targetBytesMax?: number;
  readonly headBytesMax?: number;
  readonly fieldsMax?: number;
  readonly bodyBytesMax?: number;
  /** Most of a request body that is kept for sending it once more. */
  readonly replayBytesMax?: number;
  readonly handshakeMs?: number;
  readonly headMs?: number;
  readonly requestBodyIdleMs?: number;
  readonly responseIdleMs?: number;
  readonly keepAliveMs?: number;
  readonly connectionAgeMs?: number;
  readonly tunnelIdleMs?: number;
  /** Present where several slashes in a row stay as they are. */
  readonly keepsSlashes?: true;
  /** The characters that may be percent-encoded in a path though servers disagree about them, in order of their codes. */
  readonly allowedEscapes?: string;
  /** What becomes of fields whose name holds an underscore; absent: they are dropped. */
  readonly underscored?: "keep" | "reject";
}

/** The characters `allowedEscapes` may hold. */
export const DISPUTED_ESCAPES = "\0#%/;?\\";
