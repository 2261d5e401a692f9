import fc from "fast-check";
import { expect, test } from "vitest";
import { FAILURES, type Failure } from "../../model/failure.ts";
import { HEAD_TEXT, readHeaderBlock, readTrailerBlock } from "./request-head.ts";

const GET = [":method", "GET", ":scheme", "http", ":authority", "a.test", ":path", "/"];

function read(fields: readonly string[], hasBody = false): string | Failure {
  const length = readHeaderBlock(fields, hasBody, 65_536);
  return typeof length === "number" ? HEAD_TEXT.toString("latin1", 0, length) : length;
}

test("a header block becomes a head of HTTP/1.1", () => {
  expect(read([...GET, "cookie", "a=1", "x-a", "1", "cookie", "b=2"])).toBe(
    "GET / HTTP/1.1\r\nhost: a.test\r\nx-a: 1\r\ncookie: a=1; b=2\r\n\r\n",
  );
  expect(read(GET, true)).toBe("GET / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n");
  expect(read([...GET, "content-length", "5"], true)).toBe("GET / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\n\r\n");
});

test.for([
  [[...GET, "x-a", "1\r\nx-evil: 2"]],
  [[...GET, "x-a", "1\nx-evil: 2"]],
  [[...GET, "x-a", "1\rx-evil: 2"]],
  [[...GET, "x-a", "1\0"]],
  [[...GET, "x-a: 1\r\nx-evil", "2"]],
  [[...GET, "X-A", "2"]],
  [[...GET, "", "2"]],
  [[...GET, "cookie", "a\r\nx-evil: 2"]],
  [[...GET, "transfer-encoding", "chunked"]],
  [[...GET, "connection", "close"]],
  [[...GET, "te", "gzip"]],
  [[...GET, ":path", "/b"]],
  [[...GET, "x-a", "1", ":evil", "1"]],
  [[":method", "GET / HTTP/1.1\r\nx-evil: 1\r\nx-rest:", ...GET.slice(2)]],
  [[":method", "GET /evil", ...GET.slice(2)]],
  [[...GET.slice(0, 6), ":path", "/ HTTP/1.1\r\nx-evil: 1"]],
  [[...GET.slice(0, 6), ":path", "/ HTTP/1.1"]],
  [[...GET.slice(0, 4), ":authority", "a.test\r\nx-evil: 1", ":path", "/"]],
  [GET.slice(2)],
] as const)("%j is malformed, whatever nghttp2 has let pass", ([fields]) => {
  expect(read(fields)).toBe(FAILURES.MalformedHead);
});

test.for([
  [[...GET, "host", "b.test"], FAILURES.BadHost],
  [[...GET.slice(0, 4), ...GET.slice(6)], FAILURES.BadHost],
  [[...GET.slice(0, 6), ":path", "http://b.test/"], FAILURES.BadPath],
  [[":method", "CONNECT", ":authority", "a.test:443"], FAILURES.MethodNotImplemented],
  [[...GET, "content-length", "5", "content-length", "5"], FAILURES.AmbiguousLength],
  [[...GET, "x-a", "v".repeat(65_536)], FAILURES.HeadTooLarge],
] as const)("%#: what is wrong with a request is told as in HTTP/1.1", ([fields, failure]) => {
  expect(read(fields)).toBe(failure);
});

test("a head has as many lines as the block has fields, whatever they hold", () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const text = fc
    .array(fc.oneof(byte, fc.constantFrom("\r\n", "\n", ": ", "a", "-")), { maxLength: 12 })
    .map((parts) => parts.join(""));
  const name = fc.oneof(text, fc.constantFrom("x-a", "cookie", "host", "content-length", "te"));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 5 }), (fields) => {
      const head = read([...GET, ...fields.flat()]);
      if (typeof head !== "string") return;
      const lines = head.split("\r\n").length - 3;
      const others = fields.filter(([given]) => given !== "cookie" && given !== "host").length;
      const hasCookie = fields.some(([given, value]) => given === "cookie" && value !== "");
      expect(lines).toBe(1 + others + (hasCookie ? 1 : 0));
    }),
    { numRuns: 2_000 },
  );
});

test("trailers are read as strictly", () => {
  expect(readTrailerBlock(["x-sum", "7"])?.count).toBe(1);
  for (const fields of [
    ["x-sum", "7\r\nx-evil: 1"],
    ["X-Sum", "7"],
    [":path", "/"],
    ["x-sum", "v".repeat(10_000)],
  ]) {
    expect(readTrailerBlock(fields)).toBeNull();
  }
});
