import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const EXPECTING = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

test("100 Continue comes from the server, and the body goes when the client has it", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (received.endsWith("hello")) socket.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send(EXPECTING);
  expect((await client.response()).status).toBe(100);
  expect(upstream.received[0]).toContain("Expect: 100-continue\r\n");
  client.send("hello");
  expect((await client.response()).status).toBe(201);
});

test("a server that says no instead of 100 ends the matter: the connection closes, since the body may or may not come", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
  const client = await clientOf(await proxyFor([upstream]));
  client.send(EXPECTING);
  const response = await client.response();
  expect(response.status).toBe(417);
  expect(response.headers.connection).toBe("close");
  await client.untilEnd();
});

test("a request that we answer ourselves gets no 100", async () => {
  const upstream = await Upstream.answering("");
  const client = await clientOf(await proxyFor([upstream], { router: { entryPoints: ["other"] } }));
  client.send(EXPECTING);
  const response = await client.response();
  expect(response.status).toBe(404);
  expect(response.headers.connection).toBe("close");
});

test("another expectation is answered 417", async () => {
  const upstream = await Upstream.answering("");
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: miracles\r\n\r\n");
  expect((await client.response()).status).toBe(417);
});

test("early hints pass to an HTTP/1.1 client and not to an HTTP/1.0 client", async () => {
  const upstream = await Upstream.answering(
    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  );
  const proxy = await proxyFor([upstream]);
  const modern = await clientOf(proxy);
  modern.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const hints = await modern.response();
  expect(hints.status).toBe(103);
  expect(hints.headers.link).toBe("</a.css>");
  expect((await modern.response()).body).toBe("ok");
  const old = await clientOf(proxy);
  old.send("GET / HTTP/1.0\r\n\r\n");
  expect(await old.untilEnd()).toMatch(/^HTTP\/1\.1 200 OK/);
  await eventually(() => proxy.count("requests1xx") === 0);
});
