import { describe, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy } from "../http1/harness.ts";
import { afterTest, eventually } from "../http1/set-up.ts";
import { connectClient, connectServer } from "./connect.ts";
import { ASK, type EchoClient, type EchoServer, REFUSAL, REPEATS } from "./echo-service.ts";
import { grpcJsClient, grpcJsServer } from "./grpc-js.ts";

/** gRPC status codes that are not the servers' own. */
const STATUS = { cancelled: 1, deadlineExceeded: 4, unimplemented: 12, unavailable: 14 } as const;
const CLIENTS = { "grpc-js": grpcJsClient, connect: connectClient } as const;
const SERVERS = { "grpc-js": grpcJsServer, connect: connectServer } as const;
const PAIRS = Object.keys(CLIENTS).flatMap((client) =>
  Object.keys(SERVERS).map((server) => ({ client: client as keyof typeof CLIENTS, server: server as keyof typeof SERVERS })),
);

async function proxyTo(port: number): Promise<TestProxy> {
  const app = route("app", ANY, [{ address: "127.0.0.1", port }], { scheme: "h2c" });
  const proxy = await TestProxy.start({}, [entryPoint("web"), ...app]);
  afterTest(() => proxy.close());
  return proxy;
}

describe.each(PAIRS)("a $client client and a $server server", ({ client, server }) => {
  async function pair(): Promise<{ readonly echo: EchoClient; readonly served: EchoServer; readonly proxy: TestProxy }> {
    const served = await SERVERS[server]();
    afterTest(() => served.close());
    const proxy = await proxyTo(served.port);
    const echo = CLIENTS[client](proxy.port());
    afterTest(() => echo.close());
    return { echo, served, proxy };
  }

  const well = { code: 0, message: "", head: "something", trailer: "something" };
  const texts = ["one", "two", "", "four"].map((text) => Buffer.from(text));

  test("calls of all four kinds pass, with metadata and trailers", async () => {
    const { echo } = await pair();
    expect(await echo.unary(Buffer.from("hello"))).toEqual({ ...well, messages: [Buffer.from("hello")] });
    expect(await echo.collect(texts)).toEqual({ ...well, messages: [Buffer.concat(texts)] });
    const repeated = Array.from({ length: REPEATS }, () => Buffer.from("again"));
    expect(await echo.repeat(Buffer.from("again"))).toEqual({ ...well, messages: repeated });
    expect(await echo.chat(texts)).toEqual({ ...well, messages: texts });
  });

  test("messages of 4 MiB arrive intact both ways", async () => {
    const { echo } = await pair();
    const large = Buffer.alloc(4 * 1024 * 1024, "0123456789abcdef!");
    const [unary, chat] = await Promise.all([echo.unary(large), echo.chat([large, large])]);
    expect(unary.messages.map((message) => message.equals(large))).toEqual([true]);
    expect(chat.messages.map((message) => message.equals(large))).toEqual([true, true]);
  });

  test("many calls at once share connections", async () => {
    const { echo, proxy } = await pair();
    await echo.unary(Buffer.from("first"));
    const messages = Array.from({ length: 100 }, (_, i) => Buffer.from(`message ${i}`));
    const ended = await Promise.all(messages.map((message) => echo.unary(message)));
    expect(ended.map((one) => one.messages[0]?.toString())).toEqual(messages.map(String));
    expect(proxy.count("upstreamConnects")).toBe(1);
    expect(proxy.count("connectionsAccepted")).toBe(1);
  });

  test("a failure comes as the server put it, be it in trailers alone", async () => {
    const { echo } = await pair();
    expect(await echo.unary(ASK.fail)).toMatchObject({ ...REFUSAL, messages: [] });
  });

  test("a deadline that passes ends the call at both ends", async () => {
    const { echo, served } = await pair();
    expect((await echo.unary(ASK.hang, { timeoutMs: 200 })).code).toBe(STATUS.deadlineExceeded);
    await eventually(() => served.cancelled() === 1);
  });

  test("a call that the client cancels is cancelled at the server", async () => {
    const { echo, served } = await pair();
    const controller = new AbortController();
    const call = echo.repeat(ASK.hang, { signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    const { code, messages } = await call;
    expect(code).toBe(STATUS.cancelled);
    expect(messages).toHaveLength(REPEATS);
    await eventually(() => served.cancelled() === 1);
  });

  test("a server that goes while a call is under way makes it fail, and no other", async () => {
    const { echo, served } = await pair();
    const call = echo.unary(ASK.hang);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await served.close();
    expect((await call).code).not.toBe(0);
  });
});
