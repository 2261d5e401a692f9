import { Buffer } from "node:buffer";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { reasonOf } from "../pipeline/reasons.ts";
import type { HttpExchange } from "./exchange.ts";
import { copyLine, endLines } from "./field-lines.ts";
import { HeaderId } from "./header-id.ts";
import { out } from "./out-buffer.ts";
import type { ResponseFraming, ResponseHead } from "./response-parser.ts";
import { isTrailerField } from "./trailers.ts";

/** What answers of our own say, and those of servers that do not say themselves (RFC 9110 §10.2.4). */
const SERVER = Buffer.from("Server: fairway\r\n");
const OK = Buffer.from("HTTP/1.1 200 OK\r\n");

/** How a response body goes to the client. */
export type ClientFraming = "none" | "length" | "chunked" | "close";

/** How a body that came framed one way leaves for a client of an HTTP minor version. */
export function clientFraming(framing: ResponseFraming, minor: number): ClientFraming {
  if (framing === "none" || framing === "length") return framing;
  return minor === 1 ? "chunked" : "close";
}

/** Writes a server's final response head for the client. `closes`: the connection ends after it. */
export function writeResponseHead(
  exchange: HttpExchange,
  bytes: Buffer,
  head: ResponseHead,
  framing: ClientFraming,
  closes: boolean,
  date: string,
): void {
  writeStatusLine(head.status);
  writeFields(exchange, bytes, head, framing === "chunked" && exchange.takesTrailers);
  exchange.responseEdits.write(out);
  // The length of what a HEAD or a 304 stands for is passed on; 1xx and 204 have none (RFC 9110 §8.6).
  if (framing === "chunked") out.text("Transfer-Encoding: chunked\r\n");
  else if (head.contentLength >= 0 && !head.chunked && head.status !== 204) out.text(`Content-Length: ${head.contentLength}\r\n`);
  writeConnection(exchange, closes);
  writeOwnFields(exchange, head, date);
  out.text("\r\n");
}

/** Writes an informational response (RFC 9110 §15.2). */
export function writeInformational(exchange: HttpExchange, bytes: Buffer, head: ResponseHead): void {
  writeStatusLine(head.status);
  writeFields(exchange, bytes, head);
  out.text("\r\n");
}

/** Writes the 101 that makes the connection a tunnel. */
export function writeSwitching(exchange: HttpExchange, bytes: Buffer, head: ResponseHead): void {
  writeStatusLine(101);
  writeFields(exchange, bytes, head);
  exchange.responseEdits.write(out);
  out.text("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

/** Writes an answer of our own, whole; returns the length of its body. A HEAD request gets its head alone. */
export function writeReply(exchange: HttpExchange, reply: Reply, closes: boolean, date: string): number {
  writeStatusLine(reply.status);
  const edits = exchange.responseEdits;
  for (const [name, value] of reply.headers) {
    if (edits.removes(name.toLowerCase()) || /[\r\n\0]/.test(value)) continue;
    out.text(name);
    out.text(": ");
    out.utf8(value);
    out.text("\r\n");
  }
  edits.write(out);
  const hasBody = reply.status !== 204 && reply.status !== 304;
  if (hasBody) out.text(`Content-Length: ${Buffer.byteLength(reply.body)}\r\n`);
  writeConnection(exchange, closes);
  if (!edits.touches("date")) writeDate(date);
  if (!edits.touches("server")) out.all(SERVER);
  out.text("\r\n");
  if (!hasBody || exchange.method === "HEAD") return 0;
  const before = out.length;
  out.utf8(reply.body);
  return out.length - before;
}

/** Writes an answer to a request that could not even be read: there is no exchange. */
export function writeBareReply(reply: Reply, date: string): void {
  writeStatusLine(reply.status);
  for (const [name, value] of reply.headers) out.text(`${name}: ${value}\r\n`);
  out.text(`Content-Length: ${Buffer.byteLength(reply.body)}\r\nConnection: close\r\n`);
  writeDate(date);
  out.all(SERVER);
  out.text("\r\n");
  out.utf8(reply.body);
}

function writeStatusLine(status: number): void {
  if (status === 200) out.all(OK);
  else out.text(`HTTP/1.1 ${status} ${reasonOf(status)}\r\n`);
}

/** `hasTrailers`: those that follow the body go on, and what announces them with them. */
function writeFields(exchange: HttpExchange, bytes: Buffer, head: ResponseHead, hasTrailers = false): void {
  const edits = exchange.responseEdits;
  const isEdited = !edits.isEmpty;
  for (let field = 0; field < head.count; field++) {
    const id = head.known[field] as number;
    if (id !== HeaderId.other && (isOfThisHop(id) || id === HeaderId.connectionListed)) {
      if (!(hasTrailers && isTrailerField(bytes, head, field))) continue;
    }
    const start = head.nameStart[field] as number;
    if (isEdited && edits.removesField(bytes, start, head.nameEnd[field] as number)) continue;
    copyLine(bytes, head, field);
  }
  endLines(bytes);
}

/** Whether a field of a response is for one hop, or frames it. */
export function isOfThisHop(id: number): boolean {
  return id >= HeaderId.contentLength && id <= HeaderId.upgrade;
}

function writeConnection(exchange: HttpExchange, closes: boolean): void {
  if (closes) out.text("Connection: close\r\n");
  else if (exchange.minor === 0) out.text("Connection: keep-alive\r\n");
}

/** Writes what a server's response has to say and does not: when it was made (RFC 9110 §6.6.1), and by what. */
function writeOwnFields(exchange: HttpExchange, head: ResponseHead, date: string): void {
  const edits = exchange.responseEdits;
  if (!head.hasDate && !edits.touches("date")) writeDate(date);
  if (!head.hasServer && !edits.touches("server")) out.all(SERVER);
}

function writeDate(date: string): void {
  out.text("Date: ");
  out.text(date);
  out.text("\r\n");
}
