import { Buffer } from "node:buffer";
import type { OutgoingHttpHeaders } from "node:http2";
import type { Reply } from "../../extensions/middlewares/exchange.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import type { HeaderEdits } from "../http1/header-edits.ts";
import { HeaderId } from "../http1/header-id.ts";
import type { ResponseHead } from "../http1/response-parser.ts";
import { isOfThisHop } from "../http1/response-writer.ts";
import type { Trailers } from "../http1/trailers.ts";

/** Names and values in turn, as node:http2 takes them. */
export type FieldList = string[];

/** A server's final response head as it goes to a client: fields of this hop left out, edits applied (RFC 9113 §8.2, §8.3.2). */
export function responseFields(exchange: HttpExchange, bytes: Buffer, head: ResponseHead, date: string): FieldList {
  const fields: FieldList = [":status", String(head.status)];
  const edits = exchange.responseEdits;
  addFields(fields, exchange, bytes, head);
  addEdits(fields, exchange);
  // RFC 9110 §8.6, and §15.3.6: a 205 has no content.
  const hasLength = head.contentLength >= 0 && !head.chunked && head.status !== 204 && head.status !== 205;
  if (hasLength) fields.push("content-length", String(head.contentLength));
  if (!head.hasDate && !edits.touches("date")) fields.push("date", date);
  if (!head.hasServer && !edits.touches("server")) fields.push("server", "fairway");
  return fields;
}

/** An informational response (RFC 9110 §15.2). */
export function informationalFields(exchange: HttpExchange, bytes: Buffer, head: ResponseHead): FieldList {
  const fields: FieldList = [":status", String(head.status)];
  addFields(fields, exchange, bytes, head);
  return fields;
}

/** The head of an answer of our own. */
export function replyFields(exchange: HttpExchange, reply: Reply, date: string): FieldList {
  const fields: FieldList = [":status", String(reply.status)];
  const edits = exchange.responseEdits;
  for (const [given, value] of reply.headers) {
    const name = given.toLowerCase();
    if (!edits.removes(name) && !/[\r\n\0]/.test(value)) fields.push(name, wireValue(value));
  }
  addEdits(fields, exchange);
  if (reply.status !== 204 && reply.status !== 304) fields.push("content-length", String(Buffer.byteLength(reply.body)));
  if (!edits.touches("date")) fields.push("date", date);
  if (!edits.touches("server")) fields.push("server", "fairway");
  return fields;
}

/** The trailers that go on, where middlewares changed a head like this. */
export function trailerFields(edits: HeaderEdits, trailers: Trailers): FieldList {
  const fields: FieldList = [];
  const { bytes } = trailers;
  for (let field = 0; field < trailers.count; field++) {
    if (!trailers.passes(field, edits)) continue;
    fields.push(bytes.toString("latin1", trailers.nameStart[field], trailers.nameEnd[field]).toLowerCase());
    fields.push(bytes.toString("latin1", trailers.valueStart[field], trailers.valueEnd[field]));
  }
  return fields;
}

function addFields(into: FieldList, exchange: HttpExchange, bytes: Buffer, head: ResponseHead): void {
  const edits = exchange.responseEdits;
  const isEdited = !edits.isEmpty;
  for (let field = 0; field < head.count; field++) {
    const id = head.known[field] as number;
    if (id !== HeaderId.other && (isOfThisHop(id) || id === HeaderId.connectionListed)) continue;
    const start = head.nameStart[field] as number;
    const end = head.nameEnd[field] as number;
    if (isEdited && edits.removesField(bytes, start, end)) continue;
    into.push(bytes.toString("latin1", start, end).toLowerCase());
    into.push(bytes.toString("latin1", head.valueStart[field], head.valueEnd[field]));
  }
}

function addEdits(into: FieldList, exchange: HttpExchange): void {
  exchange.responseEdits.each((name, value) => into.push(name, wireValue(value)));
}

/** Fields in the form in which a name has all its values together. */
export function asObject(fields: FieldList): OutgoingHttpHeaders {
  const object: Record<string, string[]> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    object[name] = [...(object[name] ?? []), fields[i + 1] as string];
  }
  return object;
}

/** The bytes of text in UTF-8, one character each, as node:http2 wants them. */
function wireValue(value: string): string {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7f) return Buffer.from(value, "utf8").toString("latin1");
  }
  return value;
}
