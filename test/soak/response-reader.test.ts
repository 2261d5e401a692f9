import { expect, test } from "vitest";
import { ResponseReader, type WireResponse } from "./response-reader.ts";

function read(text: string, method = "GET"): WireResponse | null {
  const reader = new ResponseReader();
  reader.push(Buffer.from(text, "latin1"));
  return reader.next(method);
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test("answers are taken one after the other, however they are cut", () => {
  const bytes = Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${CHUNKED}3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nHTTP/1.1 204 N\r\n\r\n`,
  );
  const reader = new ResponseReader();
  const taken: string[] = [];
  for (const byte of bytes) {
    reader.push(Buffer.of(byte));
    for (let one = reader.next("GET"); one !== null; one = reader.next("GET")) taken.push(`${one.status} ${one.body}`);
  }
  expect(taken).toEqual(["200 ok", "200 abcd", "204 "]);
  expect(reader.hasBytes).toBe(false);
});

test("an answer to HEAD has a length and no body; informational answers are passed over; 101 is final", () => {
  expect(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD")?.body).toHaveLength(0);
  expect(read("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")?.status).toBe(200);
  expect(read("HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\nbytes")?.status).toBe(101);
});

test.each([
  ["another version", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"],
  ["a length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["no end", "HTTP/1.1 200 OK\r\n\r\n"],
  ["a chunk of another length", `${CHUNKED}2\r\nabc\r\n0\r\n\r\n`],
  ["a chunk size that is none", `${CHUNKED}0x2\r\nab\r\n`],
])("%s is malformed", (_, text) => {
  expect(() => read(text)).toThrow();
});

test("what is not whole is not taken", () => {
  expect(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")).toBeNull();
  expect(read(`${CHUNKED}3\r\nabc\r\n0\r\n`)).toBeNull();
});
