import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, proxyFor, READ_MODES } from "./set-up.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Answers a request with what it got, once its body has come whole. */
function echo(isWhole: (received: string) => boolean): Promise<Upstream> {
  return Upstream.start((socket, received) => {
    if (!isWhole(received)) return;
    const body = received.slice(received.indexOf("\r\n\r\n") + 4);
    socket.write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, "latin1"));
  });
}

test("a request body of known length arrives as it is", async () => {
  const upstream = await echo((received) => received.endsWith("world"));
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\nhello ");
  setTimeout(() => client.send("world"), 20);
  expect((await client.response()).body).toBe("hello world");
  expect(upstream.received[0]).toContain("Content-Length: 11\r\n");
});

test("a chunked request body is framed anew: extensions are gone, trailers and what announces them go on", async () => {
  const upstream = await echo((received) => received.endsWith("0\r\nX: y\r\n\r\n"));
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;ext=1\r\nhel");
  setTimeout(() => client.send("lo\r\n6\r\n world\r\n0;last\r\nX: y\r\n\r\n"), 20);
  expect((await client.response()).body).toBe("3\r\nhel\r\n2\r\nlo\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n");
  expect(upstream.received[0]).toContain("Transfer-Encoding: chunked\r\n");
  expect(upstream.received[0]).toContain("Trailer: X\r\n");
  expect(upstream.received[0]).not.toMatch(/ext|last/i);
});

test("a request without body after one with a body begins where that ended", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("abc")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    if (received.endsWith("\r\n\r\n") && received.includes("GET /two"))
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
  });
  const client = await clientOf(await proxyFor([upstream]));
  client.send("POST /one HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabcGET /two HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await client.response()).body).toBe("1");
  expect((await client.response()).body).toBe("2");
});

test("a response that ends with its connection reaches an HTTP/1.1 client in chunks, and an HTTP/1.0 client by close", async () => {
  const upstream = await Upstream.start((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  const proxy = await proxyFor([upstream]);
  const modern = await clientOf(proxy);
  for (let i = 0; i < 2; i++) {
    modern.send(GET);
    const response = await modern.response();
    expect(response.headers["transfer-encoding"]).toBe("chunked");
    expect(response.body).toBe("until the end");
  }
  const old = await clientOf(proxy);
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect(await old.untilEnd()).toMatch(/Connection: close\r\n(?:.|\s)*\r\n\r\nuntil the end$/);
});

test("a chunked response reaches an HTTP/1.0 client without chunks", async () => {
  const upstream = await Upstream.answering(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  );
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET / HTTP/1.0\r\n\r\n");
  const received = await client.untilEnd();
  expect(received).toMatch(/\r\n\r\nabcde$/);
  expect(received).not.toMatch(/transfer-encoding/i);
});

test.each([
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, "500"],
  ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, undefined],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, undefined],
  ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: x\r\n\r\n", 304, "500"],
])("%s with %j has no body, and the connection goes on", async (method, answer, status, length) => {
  const upstream = await Upstream.answering(answer);
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    const response = await client.response(method);
    expect(response.status).toBe(status);
    expect(response.headers["content-length"]).toBe(length);
    expect(client.received).toBe("");
  }
  expect(upstream.connections).toHaveLength(1);
});

test("what a server sends beyond its response reaches nobody, and its connection is not used again", async () => {
  const upstream = await Upstream.answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
  );
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(GET);
    expect((await client.response()).body).toBe("ok");
    expect(client.received).toBe("");
  }
  expect(upstream.connections).toHaveLength(2);
});

test.each(READ_MODES)("big bodies arrive intact both ways, at the same time (reads: %s)", async (readMode) => {
  const up = randomBytes(5_000_000);
  const down = randomBytes(5_000_000);
  let sent = 0;
  const upstream = await Upstream.start((socket, received) => {
    if (sent === 0) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${down.length}\r\n\r\n`);
    const upTo = Math.max(sent + 1, received.length - received.indexOf("\r\n\r\n") - 4);
    socket.write(down.subarray(sent, upTo));
    sent = upTo;
  });
  const client = await clientOf(await proxyFor([upstream], { readMode }));
  client.send(`PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${up.length}\r\n\r\n`);
  client.send(up);
  const response = await client.response();
  expect(md5(Buffer.from(response.body, "latin1"))).toBe(md5(down));
  await client.until(() => (upstream.received[0] as string).length > up.length);
  const received = upstream.received[0] as string;
  expect(md5(Buffer.from(received.slice(received.indexOf("\r\n\r\n") + 4), "latin1"))).toBe(md5(up));
});

test("a big chunked upload arrives intact", async () => {
  const up = randomBytes(1_000_000);
  const upstream = await echo((received) => received.endsWith("\r\n0\r\n\r\n"));
  const client = await clientOf(await proxyFor([upstream]));
  client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let at = 0; at < up.length; at += 33_333) {
    const part = up.subarray(at, at + 33_333);
    client.send(`${part.length.toString(16)}\r\n`);
    client.send(part);
    client.send("\r\n");
  }
  client.send("0\r\n\r\n");
  const chunks = Buffer.from((await client.response()).body, "latin1");
  expect(md5(dechunk(chunks))).toBe(md5(up));
});

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

test("a 204 that announces a body leaves its connection to nobody", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n");
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(GET);
    expect((await client.response()).status).toBe(204);
  }
  expect(upstream.connections).toHaveLength(2);
});

test.each(["NTLM", "Negotiate TlRMTVNTUAAC", "Basic realm=x, negotiate"])(
  "a connection that %s may have made somebody's is nobody else's",
  async (challenge) => {
    const head = `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;
    const upstream = await Upstream.answering(head);
    const client = await clientOf(await proxyFor([upstream]));
    for (let i = 0; i < 2; i++) {
      client.send(GET);
      expect((await client.response()).headers["www-authenticate"]).toBe(challenge);
    }
    expect(upstream.connections).toHaveLength(2);
  },
);

test("other challenges do not cost their connection", async () => {
  const head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=NTLM\r\nContent-Length: 0\r\n\r\n";
  const upstream = await Upstream.answering(head);
  const client = await clientOf(await proxyFor([upstream]));
  for (let i = 0; i < 2; i++) {
    client.send(GET);
    expect((await client.response()).status).toBe(401);
  }
  expect(upstream.connections).toHaveLength(1);
});
