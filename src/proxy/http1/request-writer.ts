import { Buffer } from "node:buffer";
import { countsForwards, readMaxForwards } from "../pipeline/max-forwards.ts";
import { spells } from "./bytes.ts";
import type { HttpExchange } from "./exchange.ts";
import { copyLine, endLines } from "./field-lines.ts";
import { type ForwardedText, isPassed, writeForwarded } from "./forwarded.ts";
import { HeaderId } from "./header-id.ts";
import { out } from "./out-buffer.ts";
import type { RequestHead } from "./request-parser.ts";
import { isTrailerField } from "./trailers.ts";

/** Ends the request line, and begins the first field. */
const HOST = Buffer.from(" HTTP/1.1\r\nHost: ");

/**
 * Writes the head of `exchange` as it goes to a server (RFC 9110 §7.6): canonical path, one Host, framing of our own, fields of this
 * hop left out, X-Forwarded-* ours, edits applied. `host` replaces the client's Host when it is not "".
 */
export function writeRequestHead(exchange: HttpExchange, host: string, forwarded: ForwardedText): void {
  const { head, bytes } = exchange;
  out.text(exchange.method);
  out.text(" ");
  out.text(exchange.path);
  const { target } = exchange;
  if (target.hasQuery) {
    out.text("?");
    out.slice(bytes, target.queryStart, target.queryEnd);
  }
  out.all(HOST);
  out.text(host === "" ? exchange.authority : host);
  out.text("\r\n");
  writeFields(exchange, head);
  const { isTrusted, policy } = exchange.peer;
  const isCommon = !exchange.requestEdits.touchesForwarded && !isTrusted && head.upgrade === "" && !policy.hidesClientAddress;
  if (isCommon) forwarded.write(out, exchange);
  else writeForwarded(out, exchange);
  exchange.requestEdits.write(out, "x-forwarded-for");
  writeFraming(head);
}

function writeFields(exchange: HttpExchange, head: RequestHead): void {
  const { bytes, requestEdits } = exchange;
  const isEdited = !requestEdits.isEmpty;
  for (let field = 0; field < head.count; field++) {
    const id = head.known[field] as number;
    if (id !== HeaderId.other) {
      if (id >= HeaderId.host && id <= HeaderId.expect && !(head.chunked && isTrailerField(bytes, head, field))) continue;
      if (id === HeaderId.connectionListed ? !isKept(exchange, head, field) : !isPassed(exchange, head, field)) continue;
    }
    const start = head.nameStart[field] as number;
    if (isEdited && requestEdits.removesField(bytes, start, head.nameEnd[field] as number)) continue;
    if (id === HeaderId.maxForwards && countsForwards(exchange)) writeCountedDown(exchange, field);
    else copyLine(bytes, head, field);
  }
  endLines(bytes);
}

/** Whether the entry point lets a field through though Connection lists it, which RFC 9110 §7.6.1 does not foresee. */
function isKept({ bytes, peer }: HttpExchange, head: RequestHead, field: number): boolean {
  const [start, end] = [head.nameStart[field] as number, head.nameEnd[field] as number];
  return peer.policy.keptFields.some((name) => spells(bytes, start, end, name));
}

/** RFC 9110 §7.6.2. What is no number is passed on as it is. */
function writeCountedDown(exchange: HttpExchange, field: number): void {
  const { head, bytes } = exchange;
  const left = readMaxForwards(exchange, field);
  if (left <= 0) copyLine(bytes, head, field);
  else {
    endLines(bytes);
    out.slice(bytes, head.nameStart[field] as number, head.nameEnd[field] as number);
    out.text(`: ${left - 1}\r\n`);
  }
}

function writeFraming(head: RequestHead): void {
  if (head.chunked) out.text("Transfer-Encoding: chunked\r\n");
  else if (head.contentLength >= 0) out.text(`Content-Length: ${head.contentLength}\r\n`);
  if (head.expectContinue) out.text("Expect: 100-continue\r\n");
  if (head.upgrade === "websocket") out.text("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  else if (head.takesTrailers && head.connectionTe) out.text("Connection: TE\r\nTE: trailers\r\n");
  out.text("\r\n");
}
