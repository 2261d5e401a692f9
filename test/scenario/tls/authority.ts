import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import { randomBytes, type webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { toPem } from "../../../src/kernel/pem.ts";
import type { CertificatePem } from "../../../src/kernel/self-signed.ts";

const DAY_MS = 86_400_000;

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2_048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: "SHA-256",
} as const;

/** What a certificate is for. */
export interface LeafWish {
  /** DNS names; none for a client. */
  readonly names?: readonly string[];
  readonly usage?: "client" | "server";
  readonly isExpired?: boolean;
  readonly key?: "ecdsa" | "rsa";
}

/** A certificate authority of a test. */
export class TestAuthority {
  readonly certificatePem: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, certificatePem: string) {
    this.#name = name;
    this.#keys = keys;
    this.certificatePem = certificatePem;
  }

  static async make(commonName: string): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
    const name = `CN=${commonName}`;
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: randomBytes(8).toString("hex"),
      name,
      keys,
      signingAlgorithm: ECDSA,
      notBefore: new Date(Date.now() - 90 * DAY_MS),
      notAfter: new Date(Date.now() + 90 * DAY_MS),
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    });
    return new TestAuthority(name, keys, `${certificate.toString("pem")}\n`);
  }

  /** A certificate that this authority signs. */
  async issue(commonName: string, wish: LeafWish = {}): Promise<CertificatePem> {
    const { names = [], usage = names.length > 0 ? "server" : "client", isExpired = false, key = "ecdsa" } = wish;
    const keys = await crypto.subtle.generateKey(key === "rsa" ? RSA : ECDSA, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: randomBytes(8).toString("hex"),
      subject: `CN=${commonName}`,
      issuer: this.#name,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ECDSA,
      notBefore: new Date(Date.now() - 50 * DAY_MS),
      notAfter: new Date(Date.now() + (isExpired ? -1 : 50) * DAY_MS),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension([usage === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })))]),
      ],
    });
    const keyPem = toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey));
    return { chainPem: `${certificate.toString("pem")}\n`, keyPem };
  }
}
