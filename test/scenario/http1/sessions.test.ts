import { expect, test } from "vitest";
import { resourceId } from "../../../src/model/ids.ts";
import type { ProxySettings } from "../../../src/model/proxy-settings.ts";
import type { Resource } from "../../../src/model/resource.ts";
import { ANY, middleware, route, router, type TestProxy, Upstream } from "./harness.ts";
import type { RawClient } from "./raw-client.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

/** What becomes of upgraded connections when configuration changes. */

const ASK = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const AGREE = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const ORIGIN = { kind: "FairwayClass", namespace: "", name: "test" };
const PLAIN = { kind: "plain", prepare: () => ({ ok: true, value: null }), create: () => ({}) } as never;

function settings(sessionMs: number): ProxySettings {
  return { id: resourceId("settings", ORIGIN), origin: ORIGIN, drain: { sessionMs } };
}

interface Session {
  readonly proxy: TestProxy;
  readonly upstream: Upstream;
  readonly client: RawClient;
}

/** An upgraded connection through a route with a middleware, whose sessions may last `sessionMs` beyond their route. */
async function session(sessionMs: number): Promise<Session> {
  const upstream = await Upstream.start((socket, received) => {
    socket.write(received.endsWith("\r\n\r\n") ? AGREE : "echo;");
  });
  const guard = middleware("guard", "plain", 1);
  const proxy = await proxyFor([upstream], {
    middlewares: { plain: PLAIN },
    more: [guard, settings(sessionMs)],
    router: { middlewares: [guard.id] },
    sweepMs: 20,
  });
  const client = await clientOf(proxy);
  client.send(ASK);
  await client.untilText("101");
  return { proxy, upstream, client };
}

async function talks({ client }: Session): Promise<boolean> {
  client.received = "";
  client.send("x");
  await client.until(() => client.received === "echo;" || client.isClosed);
  return client.received === "echo;";
}

const changes: readonly (readonly [what: string, (session: Session) => Promise<void>])[] = [
  ["its rule changes", ({ proxy, upstream }) => proxy.apply(changed(upstream, { ruleText: "another" }))],
  [
    "it gets another middleware",
    ({ proxy, upstream }) => proxy.apply([second(), ...changed(upstream, { middlewares: [second().id] })]),
  ],
  ["its middleware changes", ({ proxy }) => proxy.apply([middleware("guard", "plain", 2)])],
  ["it is deleted", ({ proxy }) => proxy.apply([], [router("app", ANY).id])],
];

const second = () => middleware("second", "plain", 1);

function changed(upstream: Upstream, rest: Parameters<typeof router>[2]): Resource[] {
  return route("app", ANY, [upstream.server], { router: rest ?? {} });
}

test.for(changes)("a session ends some time after %s, and not before", async ([, change]) => {
  const one = await session(400);
  await change(one);
  expect(await talks(one)).toBe(true);
  await one.client.until(() => one.client.isClosed);
  // By a reset: what was cut short must not look whole.
  expect(one.client.error?.code).toBe("ECONNRESET");
  await eventually(() => one.proxy.count("connectionsOpen") === 0);
});

test("a session whose route only sends to other servers goes on, and so does one beside a change", async () => {
  const one = await session(0);
  const other = await Upstream.answering(AGREE);
  const [, , endpoints] = route("app", ANY, [other.server]);
  await one.proxy.apply([endpoints as Resource]);
  await one.proxy.apply(route("beside", ANY, [other.server], { router: { rank: { ...router("x", ANY).rank, priority: -1 } } }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await talks(one)).toBe(true);
  other.close();
});
