import { afterEach, expect, test } from "vitest";
import { ANY, entryPoint, Proxy, route, Upstream } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(upstream: Upstream): Promise<{ proxy: Proxy; client: RawClient }> {
  const proxy = await Proxy.start({}, [entryPoint("web"), ...route("app", ANY, [upstream.server])]);
  const client = await RawClient.connect(proxy.port());
  cleanups.push(
    () => upstream.close(),
    () => proxy.close(),
    () => client.close(),
  );
  return { proxy, client };
}

test("requests of one connection are answered on one connection to the server", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const { client } = await setUp(upstream);
  for (let i = 0; i < 3; i++) {
    client.send("GET /a?b=c HTTP/1.1\r\nHost: example.test\r\nAccept: */*\r\n\r\n");
    const response = await client.response();
    expect(response.status).toBe(200);
    expect(response.body).toBe("hello");
    expect(response.headers.date).toBeDefined();
  }
  expect(upstream.connections).toHaveLength(1);
  expect(upstream.received[0]).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\nHost: example\.test\r\nAccept: \*\/\*\r\n/);
});
