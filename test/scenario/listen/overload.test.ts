import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import type { OverloadMarks } from "../../../src/proxy/worker/overload.ts";
import { type TestProxy, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { clientOf, eventually, proxyFor } from "../http1/set-up.ts";
import { startRealProxy } from "../supervisor/real-proxy.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const NONE = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const NO_MARKS: OverloadMarks = { heapShare: NONE, externalBytes: NONE, connections: NONE, loopDelayMs: NONE };

async function proxyWith(marks: Partial<OverloadMarks>): Promise<TestProxy> {
  return proxyFor([await Upstream.answering(OK)], { overloadMarks: { ...NO_MARKS, ...marks } });
}

/** `kept`, `ended` with its answer, or `refused`: what becomes of a new connection. */
async function newcomer(proxy: TestProxy): Promise<"kept" | "ended" | "refused"> {
  const client = await clientOf(proxy);
  client.send(GET);
  await client.until(() => client.received.includes("\r\n\r\nok") || client.isClosed || client.hasEnded);
  const outcome = !client.received.includes("200 OK") ? "refused" : /connection: close/i.test(client.received) ? "ended" : "kept";
  client.close();
  return outcome;
}

const reaches = (proxy: TestProxy, level: number) => eventually(() => proxy.count("overload") === level);

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

test("with many connections the worker keeps none, with more it lets nobody in, and so back", async () => {
  const proxy = await proxyWith({ connections: [4, 8] });
  const held = await Promise.all(Array.from({ length: 3 }, () => clientOf(proxy)));
  expect(await newcomer(proxy)).toBe("kept");
  held.push(await clientOf(proxy));
  await reaches(proxy, 1);
  expect(await newcomer(proxy)).toBe("ended");
  held.push(...(await Promise.all(Array.from({ length: 4 }, () => clientOf(proxy)))));
  await reaches(proxy, 2);
  expect(await newcomer(proxy)).toBe("refused");
  expect(proxy.count("connectionsShed")).toBe(1);
  // Who is in is served, and let go with the answer.
  const [first] = held;
  first?.send(GET);
  expect((await first?.response())?.headers.connection).toBe("close");
  for (const client of held.splice(0, 4)) client.close();
  await reaches(proxy, 1);
  expect(await newcomer(proxy)).toBe("ended");
  for (const client of held) client.close();
  await reaches(proxy, 0);
  expect(await newcomer(proxy)).toBe("kept");
  expect(states(proxy)).toEqual(["strained", "shedding", "strained", "normal"]);
});

test("buffers that take too much memory are a load, until they are freed", async () => {
  collectGarbage();
  const { external } = process.memoryUsage();
  const proxy = await proxyWith({ externalBytes: [external + (64 << 20), external + (128 << 20)] });
  const held: Buffer[] = [Buffer.alloc(80 << 20, 1)];
  await reaches(proxy, 1);
  expect(await newcomer(proxy)).toBe("ended");
  held.push(Buffer.alloc(80 << 20, 1));
  await reaches(proxy, 2);
  expect(await newcomer(proxy)).toBe("refused");
  held.length = 0;
  await eventually(() => {
    collectGarbage();
    return proxy.count("overload") === 0;
  });
  expect(await newcomer(proxy)).toBe("kept");
});

test("a heap that fills is a load, until it is collected", async () => {
  collectGarbage();
  const { heapUsed } = process.memoryUsage();
  const proxy = await proxyWith({ heapShare: [shareOf(heapUsed + (60 << 20)), 1] });
  let held: number[][] | null = Array.from({ length: 10 }, (_, index) => new Array<number>(1 << 20).fill(index + 0.5));
  await reaches(proxy, 1);
  expect(held.length).toBe(10);
  expect(await newcomer(proxy)).toBe("ended");
  held = null;
  await eventually(() => {
    collectGarbage();
    return proxy.count("overload") === 0;
  });
});

test("an event loop that comes round late is a load, a single stall is none", async () => {
  const proxy = await proxyWith({ loopDelayMs: [100, 1_000] });
  block(800);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(states(proxy)).toEqual([]);
  let isBusy = true;
  const work = (): void => {
    block(200);
    if (isBusy) setTimeout(work, 1);
  };
  work();
  await reaches(proxy, 1);
  isBusy = false;
  await reaches(proxy, 0);
});

test("a worker thread over its marks shows in the metrics, is alive and ready all the time, and comes back", async () => {
  const cleanups: (() => unknown)[] = [];
  onTestFinished(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  const overloadMarks = { ...NO_MARKS, connections: [4, 8] } as const;
  const { supervisor, port } = await startRealProxy(cleanups, { workers: 1, overloadMarks });
  const workers = (state: string) =>
    Number(new RegExp(`fairway_workers_overloaded{state="${state}"} (.*)`).exec(supervisor.metrics())?.[1]);
  const held: RawClient[] = [];
  const hold = async (n: number): Promise<void> => {
    while (held.length < n) held.push(await RawClient.connect(port));
  };
  cleanups.push(() => held.map((client) => client.close()));
  await hold(5);
  await eventually(() => workers("strained") === 1 && workers("shedding") === 0);
  await hold(8);
  await eventually(() => workers("strained") === 0 && workers("shedding") === 1);
  const late = await RawClient.connect(port);
  await late.until(() => late.isClosed || late.hasEnded);
  expect(supervisor.metrics()).toContain('fairway_connections_refused_total{reason="overload"} 1\n');
  expect([supervisor.sickness(), supervisor.unreadiness()]).toEqual([null, []]);
  for (const client of held.splice(0)) client.close();
  await eventually(() => workers("strained") === 0 && workers("shedding") === 0);
});

function block(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
}

function shareOf(bytes: number): number {
  return bytes / getHeapStatistics().heap_size_limit;
}

function states(proxy: TestProxy): readonly unknown[] {
  return proxy.messages.flatMap((message) => (message.type === "log" && "state" in message.fields ? [message.fields.state] : []));
}
