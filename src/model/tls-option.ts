import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** TLS versions as OpenSSL and Node name them. */
export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** The oldest and the newest version where nobody says otherwise. */
export const TLS_VERSION_MIN: TlsVersion = "TLSv1.2";
export const TLS_VERSION_MAX: TlsVersion = "TLSv1.3";

/**
 * Whether clients show a certificate. `request`: asked for, and taken as it is; `require`: no connection without one, taken as it is;
 * `verifyIfGiven`: what is shown must be of the authorities; `requireAndVerify`: both.
 */
export type ClientAuthMode = "request" | "require" | "verifyIfGiven" | "requireAndVerify";

/** Settings of TLS connections from clients. What is absent has the default; one that cannot be honoured is no resource. */
export interface TlsOption {
  readonly id: ResourceId<"tlsOption">;
  readonly origin: ObjectRef;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites of all versions in OpenSSL's notation, preferred ones first. */
  readonly ciphers?: string;
  /** Key exchange groups in OpenSSL's notation, preferred ones first. */
  readonly groups?: string;
  /** Application protocols that are offered, preferred ones first; empty: none is agreed on. */
  readonly protocols?: readonly string[];
  /** Present where a handshake fails when no certificate names the host. */
  readonly isSniStrict?: true;
  /** Absent: clients are not asked for a certificate. */
  readonly clientAuth?: {
    readonly mode: ClientAuthMode;
    /** PEM certificates of the authorities; empty where nothing is verified. */
    readonly authorities: readonly string[];
  };
  /** Present where clients cannot resume sessions. */
  readonly hasNoTickets?: true;
}
