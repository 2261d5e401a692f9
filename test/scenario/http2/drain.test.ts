import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { EntryPointPolicy } from "../../../src/model/entry-point.ts";
import { FRAME, FrameClient, get } from "../../wire/frames.ts";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../http1/harness.ts";
import { afterTest, eventually } from "../http1/set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function scene(
  policy: EntryPointPolicy = {},
): Promise<{ proxy: TestProxy; client: FrameClient; answer: () => void; upstream: Upstream }> {
  const held: Socket[] = [];
  const upstream = await Upstream.start((socket) => held.push(socket));
  afterTest(() => upstream.close());
  const proxy = await TestProxy.start({}, [entryPoint("web", { policy }), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  const client = await FrameClient.greeting(proxy.port());
  afterTest(() => client.close());
  return { proxy, client, upstream, answer: () => held.splice(0).forEach((socket) => void socket.write(OK)) };
}

function goaways(client: FrameClient): readonly number[] {
  return client.frames.filter(({ type }) => type === FRAME.GOAWAY).map(({ payload }) => payload.readUInt32BE(0));
}

test("a worker that drains says GOAWAY with the next request, and ends with it and those before it", async () => {
  const { proxy, client, answer, upstream } = await scene();
  client.send(get(1));
  await eventually(() => upstream.received.filter((text) => text !== "").length === 1);
  await proxy.take({ type: "drain" });
  client.send(get(3));
  await eventually(() => upstream.received.filter((text) => text !== "").length === 2);
  await eventually(() => goaways(client).length > 0);
  // The client may send it elsewhere: it is beyond the last stream that was looked at.
  client.send(get(5));
  answer();
  await eventually(() => client.isClosed);
  expect(new Set(goaways(client))).toEqual(new Set([3]));
  expect([1, 3, 5].map((stream) => client.statuses(stream))).toEqual([[200], [200], []]);
  expect(upstream.connections).toHaveLength(2);
});

test("a connection whose entry point closes ends with its last stream", async () => {
  const { proxy, client, answer, upstream } = await scene();
  client.send(get(1));
  await eventually(() => upstream.received.filter((text) => text !== "").length === 1);
  const closed = proxy.take({ type: "close", deadlineMs: 10_000 });
  await eventually(() => goaways(client).length > 0);
  expect(client.isClosed).toBe(false);
  answer();
  await eventually(() => client.isClosed);
  expect(client.statuses(1)).toEqual([200]);
  await closed;
});

test("a connection ends with the number of requests, or at the age, that its entry point sets", async () => {
  for (const policy of [{ requestsPerConnectionMax: 1 }, { connectionAgeMs: 1 }]) {
    const { client, answer, upstream } = await scene(policy);
    await new Promise((resolve) => setTimeout(resolve, 120));
    client.send(get(1));
    await eventually(() => upstream.received.filter((text) => text !== "").length === 1);
    await eventually(() => goaways(client).length === 1);
    answer();
    await eventually(() => client.statuses(1)[0] === 200);
    await eventually(() => client.isClosed);
  }
});

test("a connection without a request ends: before its first, and between two", async () => {
  const { proxy, client, answer, upstream } = await scene({ headMs: 200, keepAliveMs: 400 });
  const silent = connectSocket(proxy.port(), "127.0.0.1");
  silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const ended = new Promise((resolve) => silent.on("close", resolve));
  silent.resume().on("error", () => {});
  client.send(get(1));
  await eventually(() => upstream.received.filter((text) => text !== "").length === 1);
  answer();
  await ended;
  await eventually(() => client.isClosed);
  expect(client.statuses(1)).toEqual([200]);
  expect(client.goaway).toBe("NO_ERROR");
  await eventually(() => proxy.count("connectionsOpen") === 0);
});

test("a client that goes takes its requests with it", async () => {
  const { proxy, upstream } = await scene();
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${proxy.port()}`);
  session.on("error", () => {});
  const stream = session.request({ ":path": "/" });
  stream.on("error", () => {});
  await eventually(() => upstream.received.filter((text) => text !== "").length === 1);
  let hasClosed = false;
  upstream.connections[0]?.on("close", () => {
    hasClosed = true;
  });
  stream.close(constants.NGHTTP2_CANCEL);
  await eventually(() => hasClosed);
  session.destroy();
});
