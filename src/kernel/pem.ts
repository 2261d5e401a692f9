/** Bytes as PEM (RFC 7468), as in `toPem("PRIVATE KEY", pkcs8)`. */
export function toPem(label: string, bytes: ArrayBuffer): string {
  const text = Buffer.from(bytes).toString("base64");
  return `-----BEGIN ${label}-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;
}

/** The bytes of the first PEM block with this label; null when there is none. */
export function fromPem(label: string, pem: string): Uint8Array<ArrayBuffer> | null {
  const text = new RegExp(`-----BEGIN ${label}-----\\s([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(pem)?.[1];
  return text === undefined ? null : Uint8Array.from(Buffer.from(text, "base64"));
}
