import { Buffer } from "node:buffer";
import { hostname } from "node:os";
import { FIELD_VALUE, spells } from "./bytes.ts";
import type { HttpExchange } from "./exchange.ts";
import { HeaderId } from "./header-id.ts";
import type { OutBuffer } from "./out-buffer.ts";
import type { RequestHead } from "./request-parser.ts";

/**
 * The fields that tell a server who the client is: X-Forwarded-*, X-Real-Ip, Forwarded. They are ours. What an untrusted client
 * sends under these names, in any spelling, is as if it were not there; what a trusted peer says stays, and gaps are filled.
 */

/** Name of this proxy, as X-Forwarded-Server. */
const SERVER_NAME = [...hostname()].filter((char) => FIELD_VALUE[char.charCodeAt(0)] === 1).join("");

/** The fields we write ourselves, in this order. */
const WRITTEN = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
] as const;
type Written = (typeof WRITTEN)[number];
const SPELLED: Readonly<Record<Written, string>> = {
  "x-forwarded-for": "X-Forwarded-For: ",
  "x-forwarded-host": "X-Forwarded-Host: ",
  "x-forwarded-port": "X-Forwarded-Port: ",
  "x-forwarded-proto": "X-Forwarded-Proto: ",
  "x-forwarded-server": "X-Forwarded-Server: ",
  "x-real-ip": "X-Real-Ip: ",
};
const WRITTEN_ID: Readonly<Record<Written, HeaderId>> = {
  "x-forwarded-for": HeaderId.xForwardedFor,
  "x-forwarded-host": HeaderId.xForwardedHost,
  "x-forwarded-port": HeaderId.xForwardedPort,
  "x-forwarded-proto": HeaderId.xForwardedProto,
  "x-forwarded-server": HeaderId.managed,
  "x-real-ip": HeaderId.xRealIp,
};

/**
 * What one of the fields we write says before the client's address is appended, edits aside; null for every other name (and for an
 * X-Forwarded-For that is not there yet).
 */
export function forwardedField(exchange: HttpExchange, name: string): string | null {
  if (!isWritten(name)) return null;
  if (name === "x-forwarded-server") return SERVER_NAME;
  const told = exchange.peer.isTrusted ? joined(exchange, WRITTEN_ID[name]) : null;
  if (told !== null) return told;
  switch (name) {
    case "x-forwarded-for":
      return null;
    case "x-forwarded-host":
      return exchange.target.authority;
    case "x-forwarded-port":
      return portOf(exchange);
    case "x-forwarded-proto":
      return protocolOf(exchange);
    default:
      return exchange.peer.address;
  }
}

/** Whether a field of the request counts for rules and middlewares, and goes upstream as it came. */
export function isVisible(exchange: HttpExchange, head: RequestHead, field: number): boolean {
  const id = head.known[field] as number;
  if (id === HeaderId.underscored) return exchange.peer.policy.underscored === "keep";
  if (id === HeaderId.aliased) return false;
  if (id < HeaderId.forwarded || id > HeaderId.managed) return true;
  return exchange.peer.isTrusted && !isAlias(exchange, head, field);
}

/** Whether a field goes upstream as it came, as far as X-Forwarded-* is concerned: `isVisible`, and not one we write ourselves. */
export function isPassed(exchange: HttpExchange, head: RequestHead, field: number): boolean {
  if (!isVisible(exchange, head, field)) return false;
  const id = head.known[field] as number;
  if (id >= HeaderId.xForwardedFor && id <= HeaderId.xRealIp) return false;
  return (
    id !== HeaderId.managed ||
    !spells(exchange.bytes, head.nameStart[field] as number, head.nameEnd[field] as number, "x-forwarded-server")
  );
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Prepared text for the common case, kept by the connection: none of them edited, peer not trusted. All but the host is mostly the same. */
export class ForwardedText {
  #port = Number.NaN;
  #before = NOTHING;
  #after = NOTHING;

  write(out: OutBuffer, exchange: HttpExchange): void {
    const { authority, port } = exchange.target;
    if (port !== this.#port) this.#prepare(exchange);
    out.all(this.#before);
    out.text(authority);
    out.all(this.#after);
  }

  #prepare(exchange: HttpExchange): void {
    const line = (name: Written) => `${SPELLED[name]}${forwardedField(exchange, name) ?? exchange.peer.address}\r\n`;
    this.#port = exchange.target.port;
    this.#before = Buffer.from(line("x-forwarded-for") + SPELLED["x-forwarded-host"], "latin1");
    this.#after = Buffer.from(`\r\n${WRITTEN.slice(2).map(line).join("")}`, "latin1");
  }
}

/** Writes the fields, one by one, with what middlewares did about them. */
export function writeForwarded(out: OutBuffer, exchange: HttpExchange): void {
  const edits = exchange.requestEdits;
  for (const name of WRITTEN) {
    if (name === "x-forwarded-for") {
      writeForwardedFor(out, exchange);
    } else if (!edits.touches(name)) {
      out.text(SPELLED[name]);
      out.text(forwardedField(exchange, name) ?? "");
      out.text("\r\n");
    }
  }
}

/** The addresses before us, and the client's, where the entry point does not hide it. */
function writeForwardedFor(out: OutBuffer, exchange: HttpExchange): void {
  const before = exchange.requestHeader("x-forwarded-for") ?? "";
  const { policy, address } = exchange.peer;
  if (before === "" && policy.hidesClientAddress) return;
  out.text(SPELLED["x-forwarded-for"]);
  if (before !== "") out.utf8(before);
  if (!policy.hidesClientAddress) {
    if (before !== "") out.text(", ");
    out.text(address);
  }
  out.text("\r\n");
}

/** Whether a field is one of those we write ourselves. */
export function isWritten(name: string): name is Written {
  return (name.startsWith("x-forwarded-") || name === "x-real-ip") && (WRITTEN as readonly string[]).includes(name);
}

/** All values of a field, joined; null when it is absent. */
function joined(exchange: HttpExchange, id: HeaderId): string | null {
  const { head, bytes } = exchange;
  let text: string | null = null;
  for (let field = 0; field < head.count; field++) {
    if (head.known[field] !== id || isAlias(exchange, head, field)) continue;
    const value = bytes.toString("latin1", head.valueStart[field], head.valueEnd[field]);
    text = text === null ? value : `${text}, ${value}`;
  }
  return text;
}

function isAlias(exchange: HttpExchange, head: RequestHead, field: number): boolean {
  const { bytes } = exchange;
  for (let i = head.nameStart[field] as number; i < (head.nameEnd[field] as number); i++) if (bytes[i] === 0x5f) return true;
  return false;
}

/** The port the client used: its Host's, else the scheme's. */
function portOf(exchange: HttpExchange): string {
  const { port } = exchange.target;
  if (port >= 0) return String(port);
  return exchange.scheme === "https" ? "443" : "80";
}

function protocolOf(exchange: HttpExchange): string {
  const isWebSocket = exchange.upgrade === "websocket";
  if (exchange.peer.isTls) return isWebSocket ? "wss" : "https";
  return isWebSocket ? "ws" : "http";
}
