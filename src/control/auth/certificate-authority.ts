import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import { randomBytes } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { fromPem, toPem } from "../../kernel/pem.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Certificates are valid from this long before they are made, for those whose clock is behind. */
const BACKDATED_MS = 3_600_000;

/** A certificate authority that signs the operators' certificates, and nothing else. Times in ms since the epoch. */
export interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly madeMs: number;
  readonly notAfterMs: number;
}

/** Whom a server certificate is for. */
export interface ServerNames {
  /** DNS names; the first is its common name, too. */
  readonly names: readonly string[];
  /** IP addresses. */
  readonly addresses: readonly string[];
}

/** Makes an authority with a key of its own (ECDSA P-256, RFC 5280), which may sign no other authority. */
export async function makeAuthority(nowMs: number, lifetimeMs: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const [notBefore, notAfter] = [new Date(nowMs - BACKDATED_MS), new Date(nowMs + lifetimeMs)];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString("hex"),
    // A name of its own: who verifies finds the right one of several in a bundle by name first.
    name: [{ CN: [`Fairway channel CA ${randomBytes(4).toString("hex")}`] }],
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: `${certificate.toString("pem")}\n`,
    keyPem: await keyPem(keys.privateKey),
    madeMs: certificate.notBefore.getTime() + BACKDATED_MS,
    notAfterMs: certificate.notAfter.getTime(),
  };
}

/** Reads an authority; fails when the two do not belong together, or are not an authority's. */
export async function readAuthority(certificatePem: string, keyPem: string): Promise<Result<Authority, string>> {
  try {
    const certificate = new X509Certificate(certificatePem);
    if (certificate.getExtension(BasicConstraintsExtension)?.ca !== true) return fail("the certificate is not an authority's");
    const probe = new TextEncoder().encode("whose key is it?");
    const signature = await crypto.subtle.sign(ALGORITHM, await privateKey(keyPem), probe);
    const isPair = await crypto.subtle.verify(
      ALGORITHM,
      await certificate.publicKey.export(ALGORITHM, ["verify"]),
      signature,
      probe,
    );
    if (!isPair) return fail("the key is not that of the certificate");
    const madeMs = certificate.notBefore.getTime() + BACKDATED_MS;
    return ok({ certificatePem, keyPem, madeMs, notAfterMs: certificate.notAfter.getTime() });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** When a certificate runs out, in ms since the epoch; null when it cannot be read. */
export function notAfterMs(certificatePem: string): number | null {
  try {
    return new X509Certificate(certificatePem).notAfter.getTime();
  } catch {
    return null;
  }
}

/** Issues a certificate for a server, with a key of its own. It never outlives its authority. */
export async function issueServerCertificate(
  authority: Authority,
  { names, addresses }: ServerNames,
  nowMs: number,
  lifetimeMs: number,
): Promise<CertificatePem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const issuer = new X509Certificate(authority.certificatePem);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString("hex"),
    subject: [{ CN: [names[0] ?? addresses[0] ?? "fairway-operator"] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await privateKey(authority.keyPem),
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Math.max(authority.madeMs, nowMs) - BACKDATED_MS),
    notAfter: new Date(Math.min(authority.notAfterMs, nowMs + lifetimeMs)),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: "dns" as const, value })),
        ...addresses.map((value) => ({ type: "ip" as const, value })),
      ]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { chainPem: `${certificate.toString("pem")}\n`, keyPem: await keyPem(keys.privateKey) };
}

async function keyPem(key: CryptoKey): Promise<string> {
  return toPem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", key));
}

async function privateKey(pem: string): Promise<CryptoKey> {
  const bytes = fromPem("PRIVATE KEY", pem);
  if (bytes === null) throw new Error("the key is not a PKCS #8 key");
  return crypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["sign"]);
}
