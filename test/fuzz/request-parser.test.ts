import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRequestHead, RequestHead } from "../../src/proxy/http1/request-parser.ts";
import { parseResponseHead, ResponseHead } from "../../src/proxy/http1/response-parser.ts";
import { readCorpus } from "./corpus.ts";
import { hunt, testTimeoutMs } from "./hunt.ts";
import { loadLlhttp } from "./llhttp.ts";
import { kept, mutated, nearlyRight, type OwnRequest, readRequest } from "./request-bytes.ts";

const SHARE = 0.1;
const llhttp = loadLlhttp();
/** llhttp knows a fixed list of methods; any token is a method to us (RFC 9110 §9.1). */
const METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE"];
/** Targets are taken apart, and refused, after the head is parsed: others than these are none of the parser's business. */
const TARGET = /^(\/|http:\/\/x\/)[!-~]*$/;

/** What the parser refuses by rules of its own name, each with vectors: a proxy may be stricter than a parser. */
const STRICTER = [
  "AmbiguousLength",
  "UnknownTransferCoding",
  "BadHost",
  "UnsupportedExpectation",
  "UnsupportedVersion",
  "TooManyHeaders",
  "TargetTooLong",
];

/** Malformed to us, and not to llhttp: what it tolerates, and RFC 9112 does not ask anybody to. */
const TOLERATED: Readonly<Record<string, RegExp>> = {
  "anything but two empty lines before it (§2.2)": /^(?!(\r\n){0,2}[^\r\n])/,
  "no version, as in HTTP/0.9 (§3)": /^[\r\n]*\S+ +\S+\s*\n/,
  "several spaces in the request line (§3)": /^[\r\n]*\S+( {2,}\S+| +\S+ {2,}\S)/,
  "a chunk size of more digits than any size needs (§7.1)": /[0-9a-f]{13}/i,
  "whatever follows CONNECT, which we refuse once it is read (RFC 9110 §9.3.6)": /^[\r\n]*CONNECT /,
  "bytes beyond ASCII in a quoted chunk extension (§7.1.1)": /;[^\r\n]*[\x80-\xff]/,
};

/** Right to us, and not to llhttp. Of extensions nothing goes on, and of trailers nothing that frames. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "chunk extensions": /;/,
  "a trailer that would frame the message": /\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*(content-length|transfer-encoding):/i,
  "a tab behind a value of the framing (RFC 9110 §5.5)": /\n(content-length|transfer-encoding):[^\r\n]*\t[ \t]*\r/i,
};

/** A connection that goes on for us, and not for llhttp. */
const CLOSED: Readonly<Record<string, RegExp>> = {
  "an option behind which a tab stands": /\nconnection:[^\r\n]*\t/i,
  "Proxy-Connection, which is no standard's and which it takes for Connection": /\nproxy-connection:/i,
};

function explains(reasons: Readonly<Record<string, RegExp>>, bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString("latin1");
  return Object.values(reasons).some((what) => what.test(text));
}

function comparable(request: OwnRequest): boolean {
  return METHODS.includes(request.method) && TARGET.test(request.target);
}

/** Holds both readers to the same message; answers whether there is one. */
function agree(bytes: Uint8Array): boolean {
  const mine = readRequest(bytes);
  const theirs = llhttp.parseRequest(bytes);
  if (typeof mine === "string") {
    if (typeof theirs === "string" || STRICTER.includes(mine)) return false;
    expect({ mine, why: explains(TOLERATED, bytes) }).toEqual({ mine, why: true });
    return false;
  }
  if (!comparable(mine)) return false;
  if (typeof theirs === "string") {
    expect({ theirs, why: explains(REFUSED, bytes) }).toEqual({ theirs, why: true });
    return false;
  }
  const fields = theirs.fields.slice(0, mine.fields.length).map(([name, value]) => [name, value.replace(/[ \t]+$/, "")]);
  expect({ target: theirs.target, fields, body: theirs.body, end: theirs.end }).toEqual({
    target: mine.target,
    fields: mine.fields,
    body: mine.body,
    end: mine.end,
  });
  // With both options llhttp keeps a 1.0 connection, which RFC 9112 §9.3 closes.
  if (mine.keepAlive && !theirs.keepAlive) expect(explains(CLOSED, bytes)).toBe(true);
  return true;
}

test(
  "whatever we take for a request, llhttp takes for the same, and what we alone refuse we refuse for a reason",
  async () => {
    const { runs, found } = await hunt(fc.oneof(mutated, nearlyRight, kept), SHARE, (bytes) => (agree(bytes) ? 1 : 0));
    expect(found).toBeGreaterThan(runs / 50);
  },
  testTimeoutMs(SHARE),
);

test.each(readCorpus("requests"))("$title ($where)", ({ bytes }) => {
  agree(bytes);
});

test(
  "no bytes make the parsers throw or read past their end",
  async () => {
    const request = new RequestHead();
    const response = new ResponseHead();
    await hunt(fc.uint8Array({ maxLength: 200 }), SHARE / 5, (bytes) => {
      expect(parseRequestHead(bytes, 0, bytes.length, request)).toBeLessThanOrEqual(bytes.length);
      expect(parseResponseHead(bytes, 0, bytes.length, response)).toBeLessThanOrEqual(bytes.length);
      return 0;
    });
  },
  testTimeoutMs(SHARE / 5),
);
