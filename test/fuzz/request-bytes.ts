import fc from "fast-check";
import { ChunkedDecoder } from "../../src/proxy/http1/chunked.ts";
import { parseRequestHead, RequestHead } from "../../src/proxy/http1/request-parser.ts";

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

/** What our parsers make of a whole request; null when they refuse it or it is not complete. */
export function ours(bytes: Uint8Array): OwnRequest | null {
  const head = new RequestHead();
  const after = parseRequestHead(bytes, 0, bytes.length, head);
  if (after <= 0) return null;
  const body = readBody(bytes, after, head);
  if (body === null) return null;
  const text = (start: number | undefined, end: number | undefined) => Buffer.from(bytes).toString("latin1", start, end);
  return {
    method: head.method,
    target: text(head.targetStart, head.targetEnd),
    fields: Array.from({ length: head.count }, (_, i): readonly [string, string] => [
      text(head.nameStart[i], head.nameEnd[i]).toLowerCase(),
      text(head.valueStart[i], head.valueEnd[i]),
    ]),
    body: body.text,
    keepAlive: head.keepAlive,
    end: body.end,
  };
}

function readBody(bytes: Uint8Array, at: number, head: RequestHead): { readonly text: string; readonly end: number } | null {
  const text = Buffer.from(bytes);
  if (!head.chunked) {
    const length = Math.max(head.contentLength, 0);
    return at + length <= bytes.length ? { text: text.toString("latin1", at, at + length), end: at + length } : null;
  }
  const decoder = new ChunkedDecoder();
  let body = "";
  let i = at;
  while (!decoder.done) {
    if (i >= bytes.length) return null;
    i = decoder.next(bytes, i, bytes.length);
    if (i < 0) return null;
    body += text.toString("latin1", decoder.dataStart, decoder.dataEnd);
  }
  return { text: body, end: i };
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
/** Text with up to `most` of its bytes replaced, dropped or doubled. */
function withEdits(text: fc.Arbitrary<string>, most: number): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), oneOf("set", "drop", "double")), { maxLength: most });
  return fc.tuple(text, edits).map(([whole, each]) => {
    const bytes = [...Buffer.from(whole, "latin1")];
    for (const [at, value, how] of each) {
      const i = at % bytes.length;
      if (how === "set") bytes[i] = value;
      else bytes.splice(i, how === "drop" ? 1 : 0, ...(how === "drop" ? [] : [bytes[i] as number]));
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
