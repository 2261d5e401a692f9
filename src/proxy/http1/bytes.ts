/** Byte classes of RFC 9110 §5.6.2 and RFC 9112, as tables, and the few byte values parsers name. */
export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

/** tchar: what methods and field names are made of. */
export const TOKEN = classOf((code) => code < 0x80 && /[A-Za-z0-9!#$%&'*+\-.^_`|~]/.test(String.fromCharCode(code)));

/** field-vchar, SP and HTAB: what a field value may hold (obs-text included: it is opaque to us). */
export const FIELD_VALUE = classOf((code) => code === HTAB || (code >= SP && code !== 0x7f));

/** Visible ASCII: what a request target may hold. */
export const VISIBLE = classOf((code) => code > SP && code < 0x7f);

function classOf(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0));
}

/** Whether `[start, end)` spells `lowerText` (ASCII, lower case) without regard to case. Allocates: nothing. */
export function spells(bytes: Uint8Array, start: number, end: number, lowerText: string): boolean {
  if (end - start !== lowerText.length) return false;
  for (let i = 0; i < lowerText.length; i++) {
    const byte = bytes[start + i] as number;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== lowerText.charCodeAt(i)) return false;
  }
  return true;
}

/** A line of a head ends with LF alone: there is no use in waiting for its end. */
export const BARE_LF = -2;

/**
 * Finds the end of the message head that begins at `start`: the index just past the first CRLF CRLF, -1 when it is not there yet, or
 * `BARE_LF`. Looks at `bytes[from, end)` for line ends; when more bytes have come, call again with `from` where `end` was: a head that
 * arrives a byte at a time costs O(n). `bytes` is borrowed. Allocates: nothing.
 */
export function findHeadEnd(bytes: Uint8Array, start: number, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    if (bytes[i] !== LF) continue;
    if (i === start || bytes[i - 1] !== CR) return BARE_LF;
    if (i - start >= 3 && bytes[i - 2] === LF && bytes[i - 3] === CR) return i + 1;
  }
  return -1;
}
