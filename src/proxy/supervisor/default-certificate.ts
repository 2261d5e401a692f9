import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate chain and its key, both PEM. */
export interface DefaultCertificate {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Longer than any process lives, and within what clients accept of a private certificate (825 days). */
const LIFETIME_MS = 800 * 86_400_000;

/** Clocks of clients may be behind. */
const BACKDATED_MS = 86_400_000;

const COMMON_NAME = "FAIRWAY DEFAULT CERTIFICATE";

/**
 * Makes the self-signed certificate for names nobody has a certificate for: ECDSA P-256, once per process and for all its
 * workers. It names nobody real, so that no client takes it for more than it is.
 */
export function makeDefaultCertificate(nowMs: number): DefaultCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const body = toBeSigned(publicKey, nowMs);
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, SIGNATURE_ALGORITHM, bitString(signature));
  return { chainPem: pem("CERTIFICATE", certificate), keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

/** TBSCertificate, RFC 5280 §4.1: version 3, with basic constraints (no CA) and extended key usage (server). */
function toBeSigned(publicKey: KeyObject, nowMs: number): Buffer {
  const version = der(0xa0, der(0x02, Buffer.of(2)));
  const validity = sequence(time(nowMs - BACKDATED_MS), time(nowMs + LIFETIME_MS));
  const noCertificateAuthority = sequence(OID.basicConstraints, TRUE, der(0x04, sequence()));
  const forServers = sequence(OID.extendedKeyUsage, der(0x04, sequence(OID.serverAuth)));
  const extensions = der(0xa3, sequence(noCertificateAuthority, forServers));
  const spki = publicKey.export({ type: "spki", format: "der" });
  return sequence(version, serialNumber(), SIGNATURE_ALGORITHM, NAME, validity, NAME, spki, extensions);
}

// --- DER, as much as one certificate needs (X.690) ---

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function bitString(content: Buffer): Buffer {
  return der(0x03, Buffer.of(0), content);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return digits < "2050" ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

/** 16 random bytes, positive and not zero (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return der(0x02, bytes);
}

const OID = {
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: der(0x06, Buffer.from("2a8648ce3d040302", "hex")),
  /** 2.5.4.3 */
  commonName: der(0x06, Buffer.from("550403", "hex")),
  /** 2.5.29.19 */
  basicConstraints: der(0x06, Buffer.from("551d13", "hex")),
  /** 2.5.29.37 */
  extendedKeyUsage: der(0x06, Buffer.from("551d25", "hex")),
  /** 1.3.6.1.5.5.7.3.1 */
  serverAuth: der(0x06, Buffer.from("2b06010505070301", "hex")),
} as const;

const TRUE = der(0x01, Buffer.of(0xff));
const SIGNATURE_ALGORITHM = sequence(OID.ecdsaWithSha256);
const NAME = sequence(der(0x31, sequence(OID.commonName, der(0x0c, Buffer.from(COMMON_NAME)))));

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
