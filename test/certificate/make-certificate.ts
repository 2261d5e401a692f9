import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface CertificateWish {
  /** DNS names; none leaves the extension out. */
  readonly names: readonly string[];
  readonly commonName?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface KeyPairPem {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Makes a self-signed ECDSA P-256 certificate as a test wants it (RFC 5280 §4.1). */
export function makeCertificate({ names, commonName = "test", notBefore, notAfter }: CertificateWish): KeyPairPem {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const name = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    ...(names.length === 0 ? [] : [der(0xa3, sequence(subjectAltName(names)))]),
  );
  const certificate = sequence(
    body,
    ECDSA_WITH_SHA256,
    der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, privateKey)])),
  );
  return { chainPem: pem(certificate), keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));

function subjectAltName(names: readonly string[]): Buffer {
  return sequence(oid("551d11"), der(0x04, sequence(...names.map((name) => der(0x82, Buffer.from(name))))));
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`));
}

function integer(value: Buffer): Buffer {
  return der(0x02, value);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function sequence(...items: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(items));
}

function der(tag: number, value: Buffer): Buffer {
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tag, value.length), value]);
  return Buffer.concat([Buffer.of(tag, 0x82, value.length >> 8, value.length & 0xff), value]);
}

function pem(certificate: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
