import type { X509Certificate } from "node:crypto";
import type { Failure } from "../../model/failure.ts";

/**
 * One request and its response, as middlewares see it. Implemented by the HTTP engines; valid until `onEnd` has run.
 *
 * Header names are given and compared in lower case. Edits are kept aside and applied when the head is written; reading a header
 * sees them.
 */
export interface Exchange {
  readonly method: string;
  /** The scheme the client used, as far as it is believed: X-Forwarded-Proto of a trusted peer, else whether the connection is TLS. */
  readonly scheme: "http" | "https";
  /** Canonical host: lower case, without port; "" when absent. */
  readonly host: string;
  /** Host header as it goes upstream: with the client's port, if any. */
  readonly authority: string;
  /** Canonical path; what the upstream will get. */
  readonly path: string;
  /** Query without `?`; "" when absent. */
  readonly query: string;
  /** IP address of the connection's peer. */
  readonly clientAddress: string;
  /** What the client showed of itself in the TLS handshake; null when it showed nothing, or was not asked. */
  readonly clientCertificate: ClientCertificate | null;

  /** Replaces the path. Returns a Failure (BadPath), to be returned from the hook, when the new path is not its own canonical form. */
  rewritePath(path: string): Failure | undefined;
  /** Replaces the Host that goes upstream. */
  setAuthority(authority: string): void;

  /** The first value of a request header, or null. */
  requestHeader(name: string): string | null;
  /** Removes every value of a request header and sets one. */
  setRequestHeader(name: string, value: string): void;
  /** Adds one more value of a request header. */
  addRequestHeader(name: string, value: string): void;
  removeRequestHeader(name: string): void;

  /** Status of the response; 0 before there is one. */
  readonly status: number;
  responseHeader(name: string): string | null;
  setResponseHeader(name: string, value: string): void;
  addResponseHeader(name: string, value: string): void;
  removeResponseHeader(name: string): void;
}

/** A certificate a client showed. */
export interface ClientCertificate {
  /** The certificate itself; authorities above it by `issuerCertificate`, as far as the client sent them. */
  readonly leaf: X509Certificate;
  /** PEM of the certificate. */
  readonly pem: string;
  /** Whether it was checked against the authorities of the TLSOption; otherwise it may say anything. */
  readonly isVerified: boolean;
}

/** An answer a middleware gives itself. Content-Length is set from the body. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}
