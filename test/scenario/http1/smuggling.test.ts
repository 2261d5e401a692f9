import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, proxyFor } from "./set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Each hides a second request from one of two readers that disagree. Refused, and nothing of it reaches a server. */
test.each([
  ["length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400],
  ["chunks and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400],
  ["the same length twice", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400],
  ["a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400],
  ["a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400],
  ["a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400],
  ["a hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400],
  ["a length beyond all bounds", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${"9".repeat(30)}\r\n\r\n`, 400],
  ["an unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501],
  ["a coding after chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501],
  [
    "chunked twice",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    501,
  ],
  ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n Transfer-Encoding: chunked\r\n\r\n", 400],
  ["white space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400],
  ["white space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400],
  ["a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400],
  ["a bare LF in the fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400],
  ["a bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rContent-Length: 5\r\n\r\n", 400],
  ["NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\x00c\r\n\r\n", 400],
  ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
  ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
  ["two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["no version", "GET /\r\nHost: a\r\n\r\n", 400],
  ["another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
  ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501],
  ["a path that climbs under cover", "GET /a/..%2fadmin HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a fragment in the query", "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a target without slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["* for another method than OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a head beyond the limit", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(70_000)}\r\n\r\n`, 431],
  ["too many fields", `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(101)}\r\n`, 431],
  ["a target beyond the limit", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
])("%s is refused, and the connection ends", async (_, bytes, status) => {
  const upstream = await Upstream.answering(OK);
  const client = await clientOf(await proxyFor([upstream]));
  client.send(`${bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  const response = await client.response();
  expect(response.status).toBe(status);
  expect(response.headers.connection).toBe("close");
  await client.untilEnd();
  expect(client.received).toBe("");
  expect(upstream.received.join("")).toBe("");
});

test.each([
  ["a size that is no number", "z\r\nhello\r\n0\r\n\r\n"],
  ["a signed size", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a size beyond all bounds", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
  ["a bare LF after the size", "5\nhello\r\n0\r\n\r\n"],
  ["data longer than its size", "3\r\nhello\r\n0\r\n\r\n"],
  ["a bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
  ["white space around the size", "5 \r\nhello\r\n0\r\n\r\n"],
  ["a trailer that is no field", "0\r\nGET /smuggled HTTP/1.1\r\n\r\n"],
])("a chunked body with %s is refused, and its server never sees it end", async (_, body) => {
  const upstream = await Upstream.start(() => {});
  const client = await clientOf(await proxyFor([upstream]));
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect((await client.response()).status).toBe(400);
  await client.untilEnd();
  expect(upstream.received.join("")).not.toMatch(/\r\n0\r\n|smuggled/);
});

test("an absolute target's own host counts, and is what the server gets", async () => {
  const upstream = await Upstream.answering(OK);
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET http://real.test:81/x?y HTTP/1.1\r\nHost: other.test\r\n\r\n");
  expect((await client.response()).status).toBe(200);
  expect(upstream.received[0]).toMatch(/^GET \/x\?y HTTP\/1\.1\r\nHost: real\.test:81\r\n/);
});

test("OPTIONS * passes", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream], { router: { rule: { op: "match", matcher: "Host", args: ["a.test"] } } });
  const client = await clientOf(proxy);
  client.send("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await client.response()).status).toBe(200);
  expect(upstream.received[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/);
});

test("the server gets the one canonical path", async () => {
  const upstream = await Upstream.answering(OK);
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET /%61/./b//..%2e/%7euser?q=%2F.. HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const status = (await client.response()).status;
  client.send("GET /%61/./b//../%7euser?q=%2F.. HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await client.response();
  expect(status).toBe(200);
  expect(upstream.received[0]).toMatch(/\r\n\r\nGET \/a\/~user\?q=%2F\.\. HTTP/);
});
