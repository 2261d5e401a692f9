import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { TlsVersion } from "./tls-option.ts";

/** How servers are spoken to. What is absent has the default; one that cannot be honoured is no resource. */
export interface ServersTransport {
  readonly id: ResourceId<"serversTransport">;
  readonly origin: ObjectRef;
  /** Name that is sent (SNI) and that the server's certificate must hold; absent: the server's own, or its address. */
  readonly serverName?: string;
  /** Names of which the certificate must hold one instead. */
  readonly peerNames?: readonly { readonly type: "DNSName" | "URI"; readonly value: string }[];
  /** Present where the server's certificate is not checked at all. */
  readonly skipsVerification?: true;
  /** PEM certificates of the authorities of servers; absent: those that Node brings. */
  readonly authorities?: readonly string[];
  /** Shown to servers that ask. Private, as `Certificate.keyPem`. */
  readonly certificates?: readonly { readonly chainPem: string; readonly keyPem: string }[];
  /** Present where HTTP/2 is not spoken, though a server may offer it. */
  readonly avoidsHttp2?: true;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites of all versions in OpenSSL's notation. */
  readonly ciphers?: string;
  /** Longest time to make a connection, TLS included; 0: no limit. */
  readonly connectMs?: number;
  /** How long an idle connection is kept; 0: for ever. */
  readonly idleMs?: number;
  /** Most idle connections that are kept for one server in each worker. */
  readonly idleConnectionsMax?: number;
}
