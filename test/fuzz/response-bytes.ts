import fc from "fast-check";
import { parseResponseHead, ResponseHead, responseFraming } from "../../src/proxy/http1/response-parser.ts";
import { readExchanges, readVectors } from "../wire/vectors.ts";
import { readCorpus } from "./corpus.ts";
import { readBody, readFields } from "./own-body.ts";
import { withEdits } from "./request-bytes.ts";

/** What our parsers make of a response. */
export interface OwnResponse {
  readonly status: number;
  /** Lower-case names with values. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly keepAlive: boolean;
  /** Where it ends. */
  readonly end: number;
}

/** What our parsers make of a whole response to a request of `method`, or why they make nothing of it. */
export function readResponse(bytes: Uint8Array, method: string): OwnResponse | "malformed" | "incomplete" {
  const head = new ResponseHead();
  const after = parseResponseHead(bytes, 0, bytes.length, head);
  if (after <= 0) return after < 0 ? "malformed" : "incomplete";
  const body = readBody(bytes, after, responseFraming(head, method), head);
  if (typeof body === "string") return body === "incomplete" ? body : "malformed";
  return { status: head.status, fields: readFields(bytes, head), body: body.text, keepAlive: head.keepAlive, end: body.end };
}

/** What is put between other bytes: what makes up responses, and what one reader skips and another does not. */
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  "\0",
  "\x80",
  ";",
  ",",
  "0",
  "+",
  "0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 2\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "HTTP/1.1 200 OK\r\n\r\n",
];

const RIGHT = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  'HTTP/1.1 404 Not Found\r\ntransfer-encoding: CHUNKED\r\n\r\n1;a="b"\r\na\r\n2\r\nbc\r\n0;c\r\nT: v\r\n\r\n',
  "HTTP/1.1 204 No Content\r\nServer: a\r\n\r\n",
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\nETag: "a"\r\n\r\n',
  "HTTP/1.0 200 OK\r\n\r\nall of it",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
];

const KEPT = [
  ...RIGHT.map((text) => Buffer.from(text, "latin1")),
  ...readCorpus("responses").map(({ bytes }) => bytes),
  ...readExchanges("exchange").map(({ answer }) => answer),
  ...readVectors("response").map(({ bytes }) => bytes),
].filter(({ length }) => length > 0);

/** Responses that are right, and those that are kept, as they are or nearly so. */
export const responseBytes = withEdits(fc.constantFrom(...KEPT), 2, PIECES);
