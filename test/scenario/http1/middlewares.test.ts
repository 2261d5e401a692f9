import { expect, test } from "vitest";
import type { AnyMiddlewareModule, Hooks } from "../../../src/extensions/middlewares/contract.ts";
import { ok } from "../../../src/kernel/result.ts";
import { EDITS_MAX } from "../../../src/proxy/http1/header-edits.ts";
import { middleware, Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Server: yes\r\n\r\nok";

/** A proxy whose one route has middlewares that do what `hooks` say, in order. */
async function proxyWith(upstream: Upstream, hooks: readonly Hooks[]) {
  const kinds: Record<string, AnyMiddlewareModule> = {};
  const made = hooks.map((hook, index) => {
    kinds[`test${index}`] = { kind: `test${index}`, prepare: () => ok(null), create: () => hook } as AnyMiddlewareModule;
    return middleware(`test${index}`, `test${index}`, null);
  });
  return proxyFor([upstream], { middlewares: kinds, more: made, router: { middlewares: made.map(({ id }) => id) } });
}

const GET = "GET /a?b HTTP/1.1\r\nHost: a.test\r\nX-In: 1\r\nX-In: 2\r\n\r\n";

test("request hooks run in order, response hooks in reverse, and both see what was edited before", async () => {
  const upstream = await Upstream.answering(OK);
  const order: string[] = [];
  const proxy = await proxyWith(upstream, [
    {
      onRequest: (exchange) => {
        order.push("request 0");
        exchange.setRequestHeader("x-set", "by 0");
        exchange.removeRequestHeader("x-in");
        return exchange.rewritePath("/rewritten");
      },
      onResponse: (exchange) => {
        order.push(`response 0 ${exchange.status} ${exchange.responseHeader("x-added")} ${exchange.responseHeader("x-server")}`);
      },
    },
    {},
    {
      onRequest: (exchange) => {
        order.push(
          `request 2 ${exchange.path}?${exchange.query} ${exchange.requestHeader("x-set")} ${exchange.requestHeader("x-in")}`,
        );
        exchange.addRequestHeader("x-set", "by 2");
        exchange.setAuthority("other.test");
        return undefined;
      },
      onResponse: (exchange) => {
        order.push(`response 2 ${exchange.requestHeader("x-set")}`);
        exchange.setResponseHeader("x-added", "é");
        exchange.removeResponseHeader("x-server");
      },
    },
  ]);
  const client = await clientOf(proxy);
  client.send(GET);
  const { headers } = await client.response();
  expect(order).toEqual(["request 0", "request 2 /rewritten?b by 0 null", "response 2 by 0", "response 0 200 é null"]);
  expect(upstream.received[0]).toMatch(/^GET \/rewritten\?b HTTP\/1\.1\r\nHost: other\.test\r\n/);
  expect(upstream.received[0]).toMatch(/X-Set: by 0\r\nX-Set: by 2\r\n/);
  expect(upstream.received[0]).not.toMatch(/x-in/i);
  expect(Buffer.from(headers["x-added"] as string, "latin1").toString()).toBe("é");
  expect(headers["x-server"]).toBeUndefined();
});

test("a middleware's own answer passes the response hooks before it, and no server is asked", async () => {
  const upstream = await Upstream.answering(OK);
  const seen: number[] = [];
  const noted = (index: number): Hooks => ({
    onResponse: (exchange) => {
      seen.push(index);
      exchange.setResponseHeader("x-noted", String(index));
    },
  });
  const proxy = await proxyWith(upstream, [
    noted(0),
    { ...noted(1), onRequest: () => ({ status: 302, headers: [["Location", "https://a.test/"]], body: "moved" }) },
    noted(2),
  ]);
  const client = await clientOf(proxy);
  client.send(`${GET}HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  const { status, headers, body } = await client.response();
  expect({ status, location: headers.location, noted: headers["x-noted"], body }).toEqual({
    status: 302,
    location: "https://a.test/",
    noted: "0",
    body: "moved",
  });
  const head = await client.response("HEAD");
  expect(head.headers["content-length"]).toBe("5");
  expect(client.received).toBe("");
  expect(seen).toEqual([0, 0]);
  expect(upstream.connections).toHaveLength(0);
});

test("a hook that takes its time holds its own request only, and the body waits", async () => {
  const upstream = await Upstream.start((socket, received) => received.endsWith("body") && socket.write(OK));
  const releases: (() => void)[] = [];
  const proxy = await proxyWith(upstream, [
    {
      onRequest: async (exchange) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        exchange.setRequestHeader("x-late", exchange.requestHeader("x-in") ?? "");
        return undefined;
      },
    },
  ]);
  const client = await clientOf(proxy);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nX-In: 1\r\nContent-Length: 8\r\n\r\nthe ");
  await eventually(() => releases.length === 1);
  client.send("body");
  // Others parse their heads meanwhile, with the parser they share.
  const other = await clientOf(proxy);
  other.send("GET /other HTTP/1.1\r\nHost: b.test\r\nX-In: other\r\n\r\n");
  await eventually(() => releases.length === 2);
  expect(upstream.connections).toHaveLength(0);
  releases[0]?.();
  expect((await client.response()).status).toBe(200);
  expect(upstream.received).toHaveLength(1);
  expect(upstream.received[0]).toContain("X-Late: 1\r\n");
  expect(upstream.received[0]).toMatch(/\r\n\r\nthe body$/);
});

test("a promised answer comes, with what the request said when it was made", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyWith(upstream, [
    {
      onRequest: async (exchange) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return exchange.path === "/deny" ? { status: 403, headers: [], body: exchange.query } : undefined;
      },
    },
  ]);
  const client = await clientOf(proxy);
  client.send("GET /deny?why HTTP/1.1\r\nHost: a.test\r\n\r\nGET /allow HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const denied = await client.response();
  expect([denied.status, denied.body]).toEqual([403, "why"]);
  expect((await client.response()).status).toBe(200);
});

test("a client that leaves while a hook decides is forgotten", async () => {
  const upstream = await Upstream.answering(OK);
  let release = () => {};
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  const proxy = await proxyWith(upstream, [{ onRequest: () => waiting.then(() => undefined) }]);
  const client = await clientOf(proxy);
  client.send(GET);
  await eventually(() => proxy.count("bytesIn") > 0);
  client.socket.resetAndDestroy();
  await eventually(() => proxy.count("connectionsOpen") === 0);
  release();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(upstream.connections).toHaveLength(0);
});

test("values that would break the head are left out", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyWith(upstream, [
    {
      onRequest: (exchange) => {
        exchange.setRequestHeader("x-split", "a\r\nEvil: yes");
        exchange.setRequestHeader("content-length", "500");
        exchange.setRequestHeader("transfer-encoding", "chunked");
        exchange.removeRequestHeader("host");
        return undefined;
      },
      onResponse: (exchange) => {
        exchange.setResponseHeader("x-split", "a\nEvil: yes");
        exchange.setResponseHeader("content-length", "500");
      },
    },
  ]);
  const client = await clientOf(proxy);
  client.send(GET);
  const { headers } = await client.response();
  expect(headers).not.toHaveProperty("evil");
  expect(headers["content-length"]).toBe("2");
  expect(upstream.received[0]).not.toMatch(/evil|content-length|transfer-encoding/i);
  expect(upstream.received[0]).toMatch(/Host: a\.test/);
});

test("X-Forwarded-For set by a middleware is what our own address is added to", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyWith(upstream, [
    {
      onRequest: (exchange) => {
        exchange.setRequestHeader("x-forwarded-for", "9.9.9.9");
        exchange.setRequestHeader("x-forwarded-proto", "https");
        return undefined;
      },
    },
  ]);
  const client = await clientOf(proxy);
  client.send(GET);
  await client.response();
  expect(upstream.received[0]?.match(/x-forwarded-(for|proto): .*/gi)).toEqual([
    "X-Forwarded-For: 9.9.9.9, 127.0.0.1",
    "X-Forwarded-Proto: https",
  ]);
});

test("a path that is not its own canonical form is refused with 400", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyWith(upstream, [{ onRequest: (exchange) => exchange.rewritePath("/a/../admin") }]);
  const client = await clientOf(proxy);
  client.send(GET);
  expect((await client.response()).status).toBe(400);
});

const TOO_MANY = Array.from({ length: EDITS_MAX + 1 }, (_, i) => `x-${i}`);

test.each<[string, Hooks]>([
  [
    "a request",
    {
      onRequest: (exchange) => {
        for (const name of TOO_MANY) exchange.removeRequestHeader(name);
        return undefined;
      },
    },
  ],
  [
    "a response",
    {
      onResponse: (exchange) => {
        for (const name of TOO_MANY) exchange.removeResponseHeader(name);
      },
    },
  ],
])(
  "a middleware that removes more fields of %s than are kept track of fails the exchange: none is let through",
  async (_, hooks) => {
    const upstream = await Upstream.answering(OK.replace("X-Server", "X-200"));
    const client = await clientOf(await proxyWith(upstream, [hooks]));
    client.send(GET.replaceAll("X-In", "X-200"));
    const { status, headers } = await client.response();
    expect(status).toBe(500);
    expect(headers["x-200"]).toBeUndefined();
    expect(upstream.received.join("")).not.toMatch(hooks.onRequest === undefined ? /^$/ : /x-200/i);
  },
);

test("an upgrade whose answer would have more fields edited than are kept track of does not come about", async () => {
  const agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-200: 1\r\n\r\n";
  const upstream = await Upstream.answering(agreed);
  const onResponse = TOO_MANY.map((name): Hooks => ({ onResponse: (exchange) => exchange.removeResponseHeader(name) }));
  const client = await clientOf(await proxyWith(upstream, onResponse));
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect((await client.response()).status).toBe(500);
  await eventually(() => upstream.connections.every((socket) => socket.destroyed));
});
