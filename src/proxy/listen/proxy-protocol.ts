import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { plainAddress } from "./trusted-peers.ts";

/** Longest header of version 1, CRLF included (PROXY protocol specification §2.1). */
export const PROXY_LINE_BYTES_MAX = 107;

/** Longest header of version 2, additional fields (TLVs) included; the format would allow 64 KiB. */
export const PROXY_HEADER_BYTES_MAX = 4096;

/** What a PROXY protocol header says. */
export interface ProxyHeader {
  /** Bytes it takes; what follows is the client's. */
  readonly length: number;
  /** The client's IP address; null where the header names none, and the peer speaks for itself. */
  readonly source: string | null;
}

/** `more`: not all of it is here yet. `invalid`: this is no PROXY protocol header. */
export type ProxyHeaderResult = ProxyHeader | "more" | "invalid";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const LINE_START = Buffer.from("PROXY ", "latin1");
const FIXED_BYTES = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\0-\x1f\x7f]/;

/**
 * Reads the PROXY protocol header, version 1 or 2, at the start of what a trusted peer sends
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). `bytes` is all that has come, borrowed until return.
 *
 * Strict, since programs make it: what the specification does not describe is `invalid`.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeaderResult {
  if (begins(bytes, SIGNATURE)) return bytes.length < FIXED_BYTES ? "more" : readBinary(bytes);
  if (begins(bytes, LINE_START)) return readLine(bytes);
  return "invalid";
}

/** Whether as much of `start` as can be there by now is there. */
function begins(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

// --- version 1: a line of text ---

function readLine(bytes: Buffer): ProxyHeaderResult {
  const end = bytes.subarray(0, PROXY_LINE_BYTES_MAX).indexOf("\r\n", 0, "latin1");
  if (end < 0) return bytes.length < PROXY_LINE_BYTES_MAX ? "more" : "invalid";
  const length = end + 2;
  const line = bytes.toString("latin1", LINE_START.length, end);
  if (CONTROL.test(line)) return "invalid";
  // §2.1: what follows UNKNOWN is ignored.
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) return { length, source: null };
  const [family, source = "", destination = "", sourcePort = "", destinationPort = "", ...rest] = line.split(" ");
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : null;
  if (isAddress === null || rest.length > 0 || !isPort(sourcePort) || !isPort(destinationPort)) return "invalid";
  if (!isAddress(source) || !isAddress(destination)) return "invalid";
  return { length, source: family === "TCP4" ? source : canonicalIPv6(source) };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** An IPv6 address without a zone, which means nothing elsewhere. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function canonicalIPv6(address: string): string {
  return plainAddress(new SocketAddress({ address, family: "ipv6" }).address);
}

// --- version 2: binary ---

const LOCAL = 0;
const PROXY = 1;
const FAMILIES = { unspecified: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;
const STREAM = 1;
const DATAGRAM = 2;
/** Bytes of the two addresses and ports, by family. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];

function readBinary(bytes: Buffer): ProxyHeaderResult {
  const version = bytes.readUInt8(12);
  const transport = bytes.readUInt8(13);
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  const [command, family, protocol] = [version & 0xf, transport >> 4, transport & 0xf];
  if (version >> 4 !== 2 || command > PROXY || family > FAMILIES.unix || protocol > DATAGRAM) return "invalid";
  if (length > PROXY_HEADER_BYTES_MAX) return "invalid";
  // What LOCAL carries beside is not looked at: it is the peer's own connection, as for its health checks.
  if (command !== LOCAL && !isWhole(family, protocol, length)) return "invalid";
  if (bytes.length < length) return "more";
  return { length, source: command === LOCAL ? null : readSource(bytes, family) };
}

/** Whether the header is long enough for its addresses, and tells of something that can have come over TCP. */
function isWhole(family: number, protocol: number, length: number): boolean {
  const isNetwork = family === FAMILIES.ipv4 || family === FAMILIES.ipv6;
  return length >= FIXED_BYTES + (ADDRESS_BYTES[family] as number) && (!isNetwork || protocol === STREAM);
}

/** TLVs behind the addresses are passed over: nothing here needs them. */
function readSource(bytes: Buffer, family: number): string | null {
  if (family === FAMILIES.ipv4) return bytes.subarray(FIXED_BYTES, FIXED_BYTES + 4).join(".");
  if (family !== FAMILIES.ipv6) return null;
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(FIXED_BYTES + 2 * group).toString(16));
  return canonicalIPv6(groups.join(":"));
}
