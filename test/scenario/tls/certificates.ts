import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { Certificate } from "../../../src/model/certificate.ts";
import { resourceId } from "../../../src/model/ids.ts";

/** A self-signed certificate (ECDSA P-256) for these names, as a resource named `name`, which is also its common name. */
export function certificateFor(name: string, names: readonly string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const subject = sequence(der(0x31, sequence(hex("0603550403"), der(0x0c, Buffer.from(name)))));
  const validity = sequence(der(0x17, Buffer.from("260101000000Z")), der(0x17, Buffer.from("490101000000Z")));
  const alternatives = sequence(...names.map((value) => der(0x82, Buffer.from(value))));
  const extensions = der(0xa3, sequence(sequence(hex("0603551d11"), der(0x04, alternatives))));
  const serial = der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)]));
  const version = hex("a003020102");
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(version, serial, ECDSA_SHA256, subject, validity, subject, spki, extensions);
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, privateKey)]));
  const origin = { kind: "Secret", namespace: "test", name };
  return {
    id: resourceId("certificate", origin),
    origin,
    names: [...names].sort(),
    chainPem: pem(sequence(body, ECDSA_SHA256, signature)),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

const ECDSA_SHA256 = sequence(hex("06082a8648ce3d040302"));

function pem(content: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${content.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
