import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { DEFAULT_POLICY } from "./connection-policy.ts";
import { parseRequestHead, RequestHead } from "./request-parser.ts";
import { RequestTarget } from "./request-target.ts";

const head = new RequestHead();

/** Reads one request after another with one target, as a connection does. */
function read(target: RequestTarget, method: string, path: string, host: string): string {
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  expect(parseRequestHead(bytes, 0, bytes.length, head)).toBe(bytes.length);
  const failure = target.read(bytes, head, DEFAULT_POLICY.path);
  return failure?.code ?? `${target.host} ${target.path}`;
}

test("a path that a middleware replaced is the client's again in the next request for it", () => {
  const target = new RequestTarget();
  expect(read(target, "GET", "/a/./b", "A.test")).toBe("a.test /a/b");
  target.replacePath("/b");
  expect(target.path).toBe("/b");
  expect(read(target, "GET", "/a/./b", "A.test")).toBe("a.test /a/b");
  expect(read(target, "GET", "/b", "b.test:80")).toBe("b.test /b");
  expect(read(target, "GET", "/b", "b.test")).toBe("b.test /b");
});

test("what was fine for one request is judged anew for the next", () => {
  const target = new RequestTarget();
  expect(read(target, "OPTIONS", "*", "a.test")).toBe("a.test *");
  expect(read(target, "GET", "*", "a.test")).toBe("BadPath");
  expect(read(target, "OPTIONS", "*", "a.test")).toBe("a.test *");
  expect(read(target, "GET", "/%00", "a.test")).toBe("BadPath");
  expect(read(target, "GET", "/%00", "a.test")).toBe("BadPath");
  expect(read(target, "GET", "/", "-:x")).toBe("BadHost");
  expect(read(target, "GET", "/", "-:x")).toBe("BadHost");
});
