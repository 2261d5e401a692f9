import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const PURPOSE = "fairway last good snapshot";

/** The least a secret must hold. */
export const SECRET_BYTES_MIN = 32;

/** Encrypts what must not lie on a disk in the clear (AES-256-GCM). */
export class Seal {
  readonly #key: Uint8Array;

  /** `secret`: the bytes of a mounted Secret, at least `SECRET_BYTES_MIN` of them; the key is derived from it (HKDF, RFC 5869). */
  constructor(secret: Uint8Array) {
    if (secret.length < SECRET_BYTES_MIN) throw new Error(`the secret has ${secret.length} bytes, and needs ${SECRET_BYTES_MIN}`);
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", PURPOSE, KEY_BYTES));
  }

  /** Encrypts `plain`; it can be opened only together with the same `context`. */
  close(plain: Uint8Array, context: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** What was sealed, or null when key, context or bytes are others. */
  open(sealed: Uint8Array, context: string): Uint8Array | null {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return null;
    }
  }
}
