import { expect, test } from "vitest";
import { CONTROL_FRAMES_BURST_MAX, RESETS_BURST_MAX, STREAMS_MAX } from "../../../src/proxy/http2/limits.ts";
import {
  FLAG,
  FRAME,
  type Frame,
  FrameClient,
  type FrameName,
  frame,
  get,
  headerBlock,
  integer,
  NO_TABLE,
  PREFACE,
} from "../../wire/frames.ts";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../http1/harness.ts";
import { afterTest, eventually } from "../http1/set-up.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CALM = "ENHANCE_YOUR_CALM";
const CANCEL = Buffer.from([0, 0, 0, 8]);
const POST = [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "a.test"],
  [":path", "/"],
] as const;

/** A proxy, one client that misbehaves and one that does not. */
async function scene(
  answer = OK,
  timeouts = {},
  server = Upstream.answering(answer),
): Promise<{ proxy: TestProxy; bad: FrameClient; good: FrameClient; upstream: Upstream }> {
  const upstream = await server;
  afterTest(() => upstream.close());
  const proxy = await TestProxy.start({ timeouts }, [entryPoint("web"), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  const [bad, good] = [await FrameClient.greeting(proxy.port()), await FrameClient.greeting(proxy.port())];
  for (const client of [bad, good]) afterTest(() => client.close());
  return { proxy, bad, good, upstream };
}

/** Sends in batches, as long as the connection stands, and as the other side takes it. */
async function flood(client: FrameClient, batch: (i: number) => Buffer, batches: number): Promise<void> {
  for (let i = 0; i < batches && !client.isClosed && client.goaway === null; i++) {
    client.send(batch(i));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function serves(client: FrameClient, stream = 1): Promise<void> {
  client.send(get(stream));
  await eventually(() => client.statuses(stream).length > 0);
  expect(client.statuses(stream)).toEqual([200]);
}

function many(name: FrameName, flags: number, stream: number, payload: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame(name, flags, stream, payload)));
}

test("a client that resets streams as soon as it opened them is told to calm down (CVE-2023-44487)", async () => {
  const { proxy, bad, good, upstream } = await scene("");
  const pairs = (i: number): Buffer =>
    Buffer.concat(
      Array.from({ length: 50 }, (_, k) => {
        const stream = (i * 50 + k) * 2 + 1;
        return Buffer.concat([get(stream), frame("RST_STREAM", 0, stream, CANCEL)]);
      }),
    );
  await flood(bad, pairs, 1000);
  await eventually(() => bad.isClosed);
  expect(bad.goaway).toBe("ENHANCE_YOUR_CALM");
  // What it cost the server is bounded by what a client may reset.
  expect(upstream.connections.length).toBeLessThanOrEqual(RESETS_BURST_MAX + STREAMS_MAX);
  await eventually(() => proxy.count("connectionsOpen") === 1);
  good.send(get(1));
  await eventually(() => upstream.received.some((text) => text.startsWith("GET / ")));
  expect(good.isClosed).toBe(false);
});

test("a few streams that are reset are no flood", async () => {
  const { bad } = await scene();
  for (let i = 0; i < 100; i++) bad.send(Buffer.concat([get(i * 2 + 1), frame("RST_STREAM", 0, i * 2 + 1, CANCEL)]));
  await serves(bad, 201);
});

test.for([
  ["PING", many("PING", 0, 0, Buffer.alloc(8), 100)],
  ["SETTINGS", many("SETTINGS", 0, 0, Buffer.alloc(0), 100)],
] as const)("a client that floods with %s is told to calm down", async ([, batch]) => {
  const { bad, good } = await scene();
  await flood(bad, () => batch, 1000);
  await eventually(() => bad.isClosed);
  expect(bad.goaway).toBe("ENHANCE_YOUR_CALM");
  const acknowledged = bad.frames.filter(
    ({ type, flags }) => (type === FRAME.PING || type === FRAME.SETTINGS) && flags === FLAG.ACK,
  );
  expect(acknowledged.length).toBeLessThan(CONTROL_FRAMES_BURST_MAX * 10);
  await serves(good);
});

test("a header block that never ends is cut off (CONTINUATION flood)", async () => {
  const { bad, good } = await scene();
  const fields = headerBlock([...POST, ["x-a", "1"]]);
  bad.send(frame("HEADERS", 0, 1, fields));
  const more = many("CONTINUATION", 0, 1, headerBlock([["x-b", "2".repeat(100)]]), 10);
  await flood(bad, () => more, 10_000);
  await eventually(() => bad.isClosed);
  expect(bad.goaway).not.toBeNull();
  await serves(good);
});

test.for([
  // node:http2 minds these itself (CVE-2019-9518), and has no better word for it.
  ["DATA that carries nothing", frame("DATA", 0, 1), "INTERNAL_ERROR"],
  ["DATA that is all padding", frame("DATA", FLAG.PADDED, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)])), CALM],
  ["WINDOW_UPDATE", frame("WINDOW_UPDATE", 0, 0, Buffer.from([0, 0, 0, 1])), CALM],
  ["PRIORITY", frame("PRIORITY", 0, 5, Buffer.from([0, 0, 0, 3, 1])), CALM],
  ["frames of no known type", frame("UNKNOWN", 0, 0, Buffer.alloc(1_000)), CALM],
] as const)("a client that floods with %s is sent away", async ([, one, reason]) => {
  // The POST is not answered before it ends: frames for a stream that has ended are another matter.
  const answersGet = Upstream.start((socket, received) => {
    if (received.startsWith("GET ")) socket.write(OK);
  });
  const { bad, good } = await scene(OK, {}, answersGet);
  bad.send(frame("HEADERS", FLAG.END_HEADERS, 1, headerBlock(POST)));
  await eventually(() => bad.frames.length > 1);
  const batch = Buffer.concat(Array.from({ length: Math.ceil(20_000 / one.length) }, () => one));
  await flood(bad, () => batch, 10_000);
  await eventually(() => bad.isClosed);
  expect(bad.goaway).toBe(reason);
  await serves(good);
});

test("a client whose window stays shut is given up, and holds up nobody", async () => {
  const body = "x".repeat(300_000);
  const { proxy, bad, good } = await scene(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, {
    responseIdleMs: 300,
  });
  // SETTINGS_INITIAL_WINDOW_SIZE = 0: not a byte of a body may be sent.
  bad.send(frame("SETTINGS", 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
  for (let i = 0; i < 20; i++) bad.send(get(i * 2 + 1));
  await eventually(() => bad.frames.filter(({ type }) => type === FRAME.RST_STREAM).length === 20);
  good.send(get(1));
  await eventually(() => good.statuses(1).length === 1);
  expect(proxy.worker.timedCount).toBeLessThan(20);
});

test("a header list that is too long is refused: by its bytes, and by its fields", async () => {
  const { bad, good } = await scene();
  const long = headerBlock([...POST, ...Array.from({ length: 4 }, (_, i) => [`x-${i}`, "v".repeat(4_000)] as const)]);
  bad.send(
    frame(
      "HEADERS",
      FLAG.END_STREAM | FLAG.END_HEADERS,
      1,
      headerBlock([...POST, ...Array.from({ length: 110 }, (_, i) => [`x-${i}`, ""] as const)]),
    ),
  );
  await eventually(() => bad.statuses(1).length === 1);
  expect(bad.statuses(1)).toEqual([431]);
  bad.send(frame("HEADERS", FLAG.END_STREAM, 3, long.subarray(0, 16_000)));
  bad.send(frame("CONTINUATION", 0, 3, long.subarray(16_000)));
  for (let i = 0; i < 4; i++) bad.send(frame("CONTINUATION", 0, 3, headerBlock([["x-more", "v".repeat(15_000)]])));
  bad.send(frame("CONTINUATION", FLAG.END_HEADERS, 3, headerBlock([["x-end", "v"]])));
  await eventually(
    () =>
      bad.isClosed ||
      bad.frames.some(({ type, stream }) => type === FRAME.RST_STREAM && stream === 3) ||
      bad.statuses(3)[0] === 431,
  );
  await serves(good);
});

test("a small block that stands for a huge one is refused (HPACK bomb)", async () => {
  const { bad, good } = await scene();
  // One entry of 4,000 bytes in the dynamic table, and then nothing but references to it: 60 MB out of 16 KB.
  const entry = Buffer.concat([Buffer.from([0x40, 3]), Buffer.from("x-a"), integer(4_000, 7), Buffer.alloc(4_000, 0x76)]);
  const block = Buffer.concat([headerBlock(POST), entry, Buffer.alloc(10_000, 0xbe)]);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 50 && !bad.isClosed; i++) bad.send(frame("HEADERS", FLAG.END_STREAM | FLAG.END_HEADERS, i * 2 + 1, block));
  await eventually(() => bad.isClosed || bad.frames.some(({ type }) => type === FRAME.RST_STREAM || type === FRAME.GOAWAY));
  await serves(good);
  expect(bad.statuses(1)).toEqual([]);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
});

test("streams beyond the limit are refused; a client that knows the limit is cut off", async () => {
  const { proxy, bad } = await scene("");
  const streams = Buffer.concat(Array.from({ length: STREAMS_MAX + 10 }, (_, i) => get(i * 2 + 1)));
  const unknowing = await FrameClient.connect(proxy.port());
  afterTest(() => unknowing.close());
  unknowing.send(Buffer.concat([PREFACE, NO_TABLE, streams]));
  const refused = (): readonly Frame[] => unknowing.frames.filter(({ type }) => type === FRAME.RST_STREAM);
  await eventually(() => refused().length === 10);
  expect(refused().every(({ stream, payload }) => stream > STREAMS_MAX * 2 && payload.readUInt32BE(0) === 7)).toBe(true);
  bad.send(streams);
  await eventually(() => bad.isClosed);
  expect(bad.goaway).toBe("PROTOCOL_ERROR");
});
