import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, eventually } from "../http1/set-up.ts";

/** A server that speaks HTTP/2 by prior knowledge. */
class H2cServer {
  readonly sessions: ServerHttp2Session[] = [];
  readonly requests: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  readonly #server: Http2Server;

  private constructor(server: Http2Server) {
    this.#server = server;
  }

  static async start(answer: (stream: ServerHttp2Stream, path: string, session: number) => void): Promise<H2cServer> {
    const server = createServer();
    const made = new H2cServer(server);
    server.on("session", (session) => made.sessions.push(session));
    server.on("stream", (stream, headers) => {
      const parts: Buffer[] = [];
      stream.on("error", () => {});
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => made.requests.push({ headers: { ...headers }, body: Buffer.concat(parts).toString() }));
      answer(stream as ServerHttp2Stream, String(headers[":path"]), made.sessions.length);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterTest(() => {
      for (const session of made.sessions) session.destroy();
      server.close();
    });
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

async function proxyTo(ports: readonly number[]): Promise<TestProxy> {
  const servers = ports.map((port) => ({ address: "127.0.0.1", port }));
  const proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, servers, { scheme: "h2c" })]);
  afterTest(() => proxy.close());
  return proxy;
}

async function ask(proxy: TestProxy, text: string, until: (received: string) => boolean): Promise<string> {
  const client = await RawClient.connect(proxy.port());
  afterTest(() => client.close());
  client.send(Buffer.from(text));
  await eventually(() => until(client.received) || client.isClosed);
  return client.received;
}

const whole = (received: string): boolean => received.endsWith("hello") || received.endsWith("0\r\n\r\n");
const hello = (stream: ServerHttp2Stream): void => {
  stream.respond({ ":status": 200, "x-a": "1", "content-length": 5 });
  stream.end("hello");
};

test("an HTTP/1.1 client is served by an HTTP/2 server, with and without lengths, body and all", async () => {
  const server = await H2cServer.start((stream, path) => {
    if (path === "/long") {
      stream.respond({ ":status": 200 });
      stream.end("hello");
    } else if (path === "/empty") stream.respond({ ":status": 200 }, { endStream: true });
    else hello(stream);
  });
  const proxy = await proxyTo([server.port]);
  const post = "POST /a?b HTTP/1.1\r\nHost: a.test\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-B: 2\r\nContent-Length: 4\r\n\r\nbody";
  const told = await ask(proxy, post, whole);
  expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\nx-a: 1\r\n/);
  expect(told).toMatch(/\r\nContent-Length: 5\r\n.*\r\n\r\nhello$/s);
  expect(await ask(proxy, "GET /long HTTP/1.1\r\nHost: a.test\r\n\r\n", whole)).toMatch(/chunked\r\n.*5\r\nhello\r\n0\r\n\r\n$/s);
  expect(await ask(proxy, "GET /empty HTTP/1.1\r\nHost: a.test\r\n\r\n", (text) => text.endsWith("\r\n\r\n"))).toContain(
    "Content-Length: 0\r\n",
  );
  expect(server.requests[0]?.body).toBe("body");
  const headers = server.requests[0]?.headers ?? {};
  expect(headers).toMatchObject({
    ":method": "POST",
    ":path": "/a?b",
    ":authority": "a.test",
    ":scheme": "http",
    "x-b": "2",
    "content-length": "4",
  });
  expect(headers).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "a.test", "x-forwarded-proto": "http" });
  expect(Object.keys(headers)).not.toContain("x-hop");
  expect(server.sessions).toHaveLength(1);
});

test("a request that a server refuses unseen goes once more, on another connection, whatever its method", async () => {
  // The first session goes away before it looks at the request.
  const server = await H2cServer.start((stream, _path, session) => {
    if (session === 1) {
      stream.session?.goaway(0, -1);
      stream.close(7);
      stream.session?.close();
    } else hello(stream);
  });
  const proxy = await proxyTo([server.port]);
  const text = await ask(proxy, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody", whole);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(server.requests.at(-1)?.body).toBe("body");
  expect(server.sessions).toHaveLength(2);
  expect(proxy.count("upstreamRetries")).toBe(1);
});

test("a POST that a server may have seen does not go twice", async () => {
  const server = await H2cServer.start((stream) => stream.session?.destroy());
  const proxy = await proxyTo([server.port]);
  const text = await ask(proxy, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody", (received) =>
    received.endsWith("\n"),
  );
  expect(text).toMatch(/^HTTP\/1\.1 502 /);
  expect(server.sessions).toHaveLength(1);
});

test("a server that goes away gets no new requests, and ends those it has", async () => {
  const held: ServerHttp2Stream[] = [];
  const server = await H2cServer.start((stream, path) => void (path === "/held" ? held.push(stream) : hello(stream)));
  const proxy = await proxyTo([server.port]);
  const first = ask(proxy, "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n", whole);
  await eventually(() => held.length === 1);
  server.sessions[0]?.close();
  await ask(proxy, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", whole);
  expect(server.sessions).toHaveLength(2);
  hello(held[0] as ServerHttp2Stream);
  expect(await first).toMatch(/^HTTP\/1\.1 200 OK/);
});

test("a response that is cut short is cut short for the client", async () => {
  const server = await H2cServer.start((stream) => {
    stream.respond({ ":status": 200, "content-length": 100 });
    stream.write("some", () => stream.close(2));
  });
  const proxy = await proxyTo([server.port]);
  const client = await RawClient.connect(proxy.port());
  afterTest(() => client.close());
  client.send(Buffer.from("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  await eventually(() => client.isClosed);
  expect(client.error?.code).toBe("ECONNRESET");
});

test("what does not speak HTTP/2 is passed over, and answered for with 502 where there is no other", async () => {
  const other = createTcpServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  afterTest(() => other.close());
  const { port } = other.address() as AddressInfo;
  const server = await H2cServer.start(hello);
  const get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  expect(await ask(await proxyTo([port, server.port]), get, whole)).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(await ask(await proxyTo([port]), get, (text) => text.endsWith("\n"))).toMatch(/^HTTP\/1\.1 502 /);
});

test("large bodies pass both ways without being held", async () => {
  const server = await H2cServer.start((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  const proxy = await proxyTo([server.port]);
  const body = Buffer.alloc(3_000_000, "0123456789");
  const client = await RawClient.connect(proxy.port());
  afterTest(() => client.close());
  client.send(Buffer.from(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`));
  client.send(body);
  await eventually(() => client.received.endsWith("0\r\n\r\n"), 20_000);
  const data = client.received.slice(client.received.indexOf("\r\n\r\n") + 4).replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, "");
  expect(data.replaceAll("\r\n", "").length).toBe(body.length);
});

test("a connection that carries many requests is counted once, and not once it is gone", async () => {
  const server = await H2cServer.start(hello);
  const proxy = await proxyTo([server.port]);
  for (const path of ["/a", "/b"]) await ask(proxy, `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`, whole);
  expect(server.sessions).toHaveLength(1);
  expect(proxy.count("upstreamOpen")).toBe(1);
  for (const session of server.sessions) session.destroy();
  await eventually(() => proxy.count("upstreamOpen") === 0);
});
