import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { toPem } from "./pem.ts";

/** What a self-signed certificate says of itself. */
export interface CertificateWish {
  readonly commonName: string;
  /** DNS names; none leaves the extension out. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate chain and its private key (PKCS #8), both PEM. */
export interface CertificatePem {
  readonly chainPem: string;
  readonly keyPem: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Makes a self-signed ECDSA P-256 certificate for servers that is no authority (RFC 5280). Each call makes a key of its own. */
export async function makeSelfSigned({ commonName, names, notBefore, notAfter }: CertificateWish): Promise<CertificatePem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })))]),
    ],
  });
  const keyPem = toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { chainPem: certificate.toString("pem"), keyPem };
}
