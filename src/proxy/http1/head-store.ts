import { Buffer } from "node:buffer";

/** Heads up to this size live in buffers that are used again. */
const COMMON_BYTES = 4096;
/** Most buffers kept for use. */
const FREE_MAX = 256;

const free: Buffer[] = [];

/** A buffer of at least `length` bytes, for the head of one exchange. */
export function takeHeadBuffer(length: number): Buffer {
  if (length > COMMON_BYTES) return Buffer.allocUnsafeSlow(length);
  return free.pop() ?? Buffer.allocUnsafeSlow(COMMON_BYTES);
}

/** Gives a buffer back. Nobody may look at it any more. */
export function giveHeadBuffer(buffer: Buffer): void {
  if (buffer.length === COMMON_BYTES && free.length < FREE_MAX) free.push(buffer);
}
