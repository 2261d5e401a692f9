import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

const DAY_MS = 86_400_000;

/** A name that the hosts of all routes match. */
const NAME = "*.example.com";

/** A certificate and its key, PEM, and the files that hold them. */
export interface BenchCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Certificates that every target serves side by side: the client's offer says which one a handshake gets. */
export interface BenchCertificates {
  readonly ecdsa: BenchCertificate;
  readonly rsa: BenchCertificate;
  /** What HAProxy calls a bundle: beside this path are the two with `.ecdsa` and `.rsa`, each with its key. */
  readonly bundle: string;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2_048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
} as const;

/** Makes a self-signed ECDSA P-256 and an RSA 2048 certificate, and writes them into a folder. */
export async function makeCertificates(folder: string): Promise<BenchCertificates> {
  const [ecdsa, rsa] = [await make(folder, "ecdsa", ECDSA), await make(folder, "rsa", RSA)];
  return { ecdsa, rsa, bundle: join(folder, "bundle.pem") };
}

async function make(folder: string, name: string, algorithm: typeof ECDSA | typeof RSA): Promise<BenchCertificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const nowMs = Date.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [NAME] }],
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + DAY_MS),
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: NAME }])],
  });
  const certificatePem = `${certificate.toString("pem")}\n`;
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${(der.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
  const [certificateFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  writeFileSync(certificateFile, certificatePem);
  writeFileSync(keyFile, keyPem, { mode: 0o600 });
  writeFileSync(join(folder, `bundle.pem.${name}`), certificatePem + keyPem, { mode: 0o600 });
  return { certificatePem, keyPem, certificateFile, keyFile };
}
