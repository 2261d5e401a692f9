import { Buffer } from "node:buffer";

/** How HTTP/2 begins: by a request line that no HTTP/1.x client sends (RFC 9113 §3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n");

/** Whether `bytes[at, end)` begins as a connection of HTTP/2 does. */
export function holdsPreface(bytes: Buffer, at: number, end: number): boolean {
  return end - at >= PREFACE.length && PREFACE.equals(bytes.subarray(at, at + PREFACE.length));
}
