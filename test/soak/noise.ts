import { createCipheriv } from "node:crypto";

/** Longest body of the soak. */
export const BODY_BYTES_MAX = 1 << 20;

const NOISE_BYTES = 4 * BODY_BYTES_MAX;

/** The same random bytes in every process: a body is a part of them, so that whoever gets it can tell each byte that is not his. */
const NOISE = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16, 2)).update(Buffer.alloc(NOISE_BYTES));

/** Where bodies may begin. */
export const OFFSETS = NOISE_BYTES - BODY_BYTES_MAX;

/** The body of `length` bytes that begins at `offset`; shared, not to be changed. */
export function noise(offset: number, length: number): Buffer {
  return NOISE.subarray(offset, offset + length);
}
