import fc from "fast-check";
import type { FailureCode } from "../../src/model/failure.ts";
import { parseRequestHead, RequestHead, requestFailure } from "../../src/proxy/http1/request-parser.ts";
import { readExchanges, readVectors } from "../wire/vectors.ts";
import { readCorpus } from "./corpus.ts";
import { readBody, readFields } from "./own-body.ts";

/** What our parsers make of a request. */
export interface OwnRequest {
  readonly method: string;
  readonly target: string;
  /** Lower-case names with values. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly keepAlive: boolean;
  /** Where it ends. */
  readonly end: number;
}

/** What our parsers make of a whole request, or why they make nothing of it. */
export function readRequest(bytes: Uint8Array): OwnRequest | FailureCode | "incomplete" {
  const head = new RequestHead();
  const after = parseRequestHead(bytes, 0, bytes.length, head);
  if (after <= 0) return after < 0 ? requestFailure(after).code : "incomplete";
  const body = readBody(bytes, after, head.chunked ? "chunked" : head.contentLength >= 0 ? "length" : "none", head);
  if (typeof body === "string") return body;
  return {
    method: head.method,
    target: Buffer.from(bytes).toString("latin1", head.targetStart, head.targetEnd),
    fields: readFields(bytes, head),
    body: body.text,
    keepAlive: head.keepAlive,
    end: body.end,
  };
}

const oneOf = (...texts: string[]) => fc.constantFrom(...texts);
const line = oneOf(
  "Host: x",
  "Content-Length: 3",
  "Content-Length: 03",
  "content-length: 3, 3",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked ",
  "Transfer-Encoding: gzip, chunked",
  "transfer-encoding:\tCHUNKED",
  "Connection: close",
  "Connection: keep-alive, x-a",
  "X-A: b",
  "X-A:",
  "X-A : b",
  " folded",
  "Content_Length: 3",
  "Expect: 100-continue",
);
const end = fc.oneof({ weight: 20, arbitrary: fc.constant("\r\n") }, oneOf("\n", "\r", "\r\r\n", "\n\r\n", " \r\n"));
const body = oneOf(
  "",
  "abc",
  "3\r\nabc\r\n0\r\n\r\n",
  "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n",
  "03\r\nabc\n0\r\n\r\n",
  "0\r\n\r\n",
  "3 \r\nabc\r\n0\r\n\r\n",
);
const requestText = fc
  .record({
    start: oneOf(
      "GET / HTTP/1.1",
      "POST /a?b HTTP/1.1",
      "POST / HTTP/1.0",
      "GET  / HTTP/1.1",
      "GET / HTTP/1.1 ",
      "PUT http://x/ HTTP/1.1",
    ),
    lines: fc.array(fc.tuple(line, end), { maxLength: 5 }),
    firstEnd: end,
    lastEnd: end,
    body,
  })
  .map((r) => `${r.start}${r.firstEnd}${r.lines.map(([text, eol]) => text + eol).join("")}${r.lastEnd}${r.body}`);
/** What is put between other bytes: what makes up messages, and what one reader skips and another does not. */
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  " ",
  "\t",
  "\x0b",
  "\0",
  "\x80",
  ";",
  ",",
  ":",
  "_",
  "0",
  "+",
  "0x",
  "0\r\n\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 5\r\n",
  "Connection: close\r\n",
  "Connection: Content-Length, Transfer-Encoding\r\n",
  "Expect: 100-continue\r\n",
  "Host: y\r\n",
  "GET /in HTTP/1.1\r\nHost: x\r\n\r\n",
];

/** Bytes with up to `most` edits: a byte replaced, dropped or doubled, or one of `pieces` put in. */
export function withEdits(
  whole: fc.Arbitrary<string | Buffer>,
  most: number,
  pieces: readonly string[] = PIECES,
): fc.Arbitrary<Uint8Array> {
  const how = oneOf("set", "drop", "double", "insert", "insert");
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), how, fc.constantFrom(...pieces)), { maxLength: most });
  return fc.tuple(whole, edits).map(([original, each]) => {
    const bytes = typeof original === "string" ? [...Buffer.from(original, "latin1")] : [...original];
    for (const [at, value, what, piece] of each) {
      const i = at % (bytes.length + 1);
      if (what === "insert") bytes.splice(i, 0, ...Buffer.from(piece, "latin1"));
      else if (what === "set") bytes.splice(i, 1, value);
      else if (what === "drop") bytes.splice(i, 1);
      else bytes.splice(i, 0, ...bytes.slice(i, i + 1));
    }
    return Uint8Array.from(bytes);
  });
}

/** Requests of which few are whole and right. */
export const mutated = withEdits(requestText, 3);

const RIGHT = [
  "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET http://y/ HTTP/1.1\r\nHost: x\r\nConnection: X-A\r\nX-A: b\r\n\r\n",
  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: CHUNKED\r\n\r\n1;a="b"\r\na\r\n2\r\nbc\r\n0;c\r\nT: v\r\n\r\n',
  "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
  "\r\nPOST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
];

/** Requests of which most are whole, and about half are right. */
export const nearlyRight = withEdits(oneOf(...RIGHT), 1);

const KEPT = [
  ...readCorpus("requests").map(({ bytes }) => bytes),
  ...readExchanges("exchange").map(({ client }) => client),
  ...readVectors("request").map(({ bytes }) => bytes),
];

/** What is kept, and the clients of all wire vectors, as they are or nearly so. */
export const kept = withEdits(fc.constantFrom(...KEPT), 2);

/** Several requests of any kind, one behind the other: what a connection carries. */
export const connectionBytes = fc
  .array(fc.oneof({ weight: 4, arbitrary: nearlyRight }, { weight: 1, arbitrary: mutated }, { weight: 4, arbitrary: kept }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((messages) => Buffer.concat(messages))
  // What begins as HTTP/2 does is HTTP/2, and other fuzzers' business.
  .filter((bytes) => bytes.length > 0 && !bytes.toString("latin1").startsWith("PRI * HTTP/2.0"));

/** What our parsers read on a connection. */
export interface OwnConnection {
  readonly requests: readonly OwnRequest[];
  /** Why they read no further: the last request ends the connection, or what follows it is refused, or not whole, or nothing. */
  readonly end: "closed" | "refused" | "incomplete";
}

/** The requests in bytes, one behind the other. */
export function readConnection(bytes: Buffer): OwnConnection {
  const requests: OwnRequest[] = [];
  for (let at = 0; ; ) {
    const request = readRequest(bytes.subarray(at));
    if (typeof request === "string") return { requests, end: request === "incomplete" ? request : "refused" };
    requests.push(request);
    if (!request.keepAlive) return { requests, end: "closed" };
    at += request.end;
  }
}
