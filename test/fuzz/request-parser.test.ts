import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkedDecoder } from "../../src/proxy/http1/chunked.ts";
import { parseRequestHead, RequestHead } from "../../src/proxy/http1/request-parser.ts";
import { loadLlhttp } from "./llhttp.ts";

/** Cases a run; more by `FUZZ_RUNS`, for a longer hunt. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const llhttp = loadLlhttp();
/** llhttp knows a fixed list of methods; any token is a method to us (RFC 9110 §9.1). */
const METHODS = ["GET", "POST", "PUT"];
/** Targets are taken apart, and refused, after the head is parsed: others than these are none of the parser's business. */
const TARGET = /^(\/|http:\/\/x\/)[!-~]*$/;

/** What our parsers make of a whole request; null when they refuse it or it is not complete. */
function ours(bytes: Uint8Array) {
  const head = new RequestHead();
  const after = parseRequestHead(bytes, 0, bytes.length, head);
  if (after <= 0) return null;
  const body = readBody(bytes, after, head);
  if (body === null) return null;
  const text = (start: number | undefined, end: number | undefined) => Buffer.from(bytes).toString("latin1", start, end);
  return {
    method: head.method,
    target: text(head.targetStart, head.targetEnd),
    fields: Array.from({ length: head.count }, (_, i) => [
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
/** A request with a few of its bytes replaced, dropped or doubled. */
const mutated = fc
  .tuple(requestText, fc.array(fc.tuple(fc.nat(), fc.nat(255), oneOf("set", "drop", "double")), { maxLength: 3 }))
  .map(([text, edits]) => {
    const bytes = [...Buffer.from(text, "latin1")];
    for (const [at, value, how] of edits) {
      const i = at % bytes.length;
      if (how === "set") bytes[i] = value;
      else bytes.splice(i, how === "drop" ? 1 : 0, ...(how === "drop" ? [] : [bytes[i] as number]));
    }
    return Uint8Array.from(bytes);
  });

test("whatever we accept, llhttp accepts too, with the same target, fields, body, and never keeps a connection llhttp would close", () => {
  let accepted = 0;
  fc.assert(
    fc.property(mutated, (bytes) => {
      const mine = ours(bytes);
      if (mine === null || !METHODS.includes(mine.method) || !TARGET.test(mine.target)) return;
      accepted++;
      const theirs = llhttp.parseRequest(bytes.subarray(0, mine.end));
      // Extensions are dropped, so we look at their bytes only; llhttp holds them to the grammar of RFC 9112 §7.1.1.
      if (theirs === null && Buffer.from(bytes).includes(";")) return;
      expect(theirs).not.toBeNull();
      expect(theirs?.target).toBe(mine.target);
      expect(theirs?.fields.slice(0, mine.fields.length).map(([name, value]) => [name, value.replace(/[ \t]+$/, "")])).toEqual(
        mine.fields,
      );
      expect(theirs?.body).toBe(mine.body);
      if (mine.keepAlive) expect(theirs?.keepAlive).toBe(true); // with both options llhttp keeps a 1.0 connection; RFC 9112 §9.3 closes it
    }),
    { numRuns: RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS / 50);
});

test("no bytes make the parser throw or read past their end", () => {
  const head = new RequestHead();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(parseRequestHead(bytes, 0, bytes.length, head)).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: RUNS },
  );
});
