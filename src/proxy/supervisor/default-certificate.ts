import { type CertificatePem, makeSelfSigned } from "../../kernel/self-signed.ts";

/** Longer than any process lives, and within what clients accept of a private certificate (825 days). */
const LIFETIME_MS = 800 * 86_400_000;

/** Clocks of clients may be behind. */
const BACKDATED_MS = 86_400_000;

/**
 * Makes the self-signed certificate for names nobody has a certificate for, once per process and for all its workers. It names nobody
 * real, so that no client takes it for more than it is.
 */
export function makeDefaultCertificate(nowMs: number): Promise<CertificatePem> {
  return makeSelfSigned({
    commonName: "FAIRWAY DEFAULT CERTIFICATE",
    names: [],
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + LIFETIME_MS),
  });
}
