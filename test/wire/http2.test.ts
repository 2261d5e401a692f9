import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, match, route, TestProxy, Upstream } from "../scenario/http1/harness.ts";
import { ERROR_CODES, FLAG, FRAME, type Frame, FrameClient, type FrameName, frame, headerBlock, statusOf } from "./frames.ts";
import { looksWhole, plainForm } from "./plain-form.ts";
import { readSections, unescapeBlock } from "./vectors.ts";

/** How long what is wanted may take to come about. */
const PATIENCE_MS = 5_000;
const PROBE = frame("PING", 0, 0, Buffer.from("probing!"));

const server = await Upstream.start((socket, received, connection) => {
  const text = received.slice(answered.get(connection) ?? 0);
  if (!looksWhole(text)) return;
  answered.set(connection, received.length);
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
});
const answered = new Map<number, number>();
let proxy: TestProxy;
let client: FrameClient | undefined;

beforeAll(async () => {
  const whole = route("whole", match("Method", "OPTIONS"), [server.server]);
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [server.server]), ...whole]);
});

afterEach(() => client?.close());

afterAll(async () => {
  await proxy.close();
  server.close();
});

const vectors = readSections("http2").map(({ title, where, blocks }) => {
  const lines = (name: string): readonly string[] => blocks.find(({ words }) => words[0] === name)?.lines ?? [];
  const isPart = blocks.some(({ words }) => words[0] === "server" && words.includes("part"));
  return {
    title,
    where,
    isPart,
    frames: readFrames(lines("frames")),
    server: unescapeBlock(lines("server")).toString("latin1"),
    outcome: lines("outcome"),
  };
});

test("there are at least sixty vectors", () => {
  expect(vectors.length).toBeGreaterThanOrEqual(60);
});

test.each(vectors)("$title ($where)", async (vector) => {
  const before = server.received.map((text) => text.length);
  const got = (): string => {
    const text = server.received.map((all, i) => all.slice(before[i] ?? 0)).join("");
    return vector.isPart ? String(looksWhole(text)) : plainForm(text);
  };
  const sender = await FrameClient.greeting(proxy.port());
  client = sender;
  for (const one of vector.frames) sender.send(one);
  // What comes before its answer is all that comes of these frames alone.
  sender.send(PROBE);
  const seen = (): object => ({ server: got(), outcome: eventsOf(sender.frames) });
  const wanted = { server: vector.isPart ? "false" : vector.server, outcome: vector.outcome };
  const isThere = (): boolean =>
    JSON.stringify(seen()) === JSON.stringify(wanted) && (sender.isClosed || hasAnswer(sender.frames));
  for (const deadline = Date.now() + PATIENCE_MS; !isThere() && Date.now() < deadline; ) await nextTurn();
  expect(seen()).toEqual(wanted);
});

/** What a client sees, in order of streams: statuses, resets, and how the connection ends. */
function eventsOf(frames: readonly Frame[]): readonly string[] {
  const events: string[] = [];
  for (const { type, stream, payload } of frames) {
    if (type === FRAME.HEADERS) events.push(`${stream}: ${statusOf(payload)}`);
    if (type === FRAME.RST_STREAM) events.push(`${stream}: reset ${ERROR_CODES[payload.readUInt32BE(0)]}`);
    if (type === FRAME.GOAWAY) events.push(`goaway ${ERROR_CODES[payload.readUInt32BE(4)]}`);
  }
  return events.sort();
}

function hasAnswer(frames: readonly Frame[]): boolean {
  return frames.some(
    ({ type, flags, payload }) => type === FRAME.PING && flags === FLAG.ACK && payload.toString() === "probing!",
  );
}

/**
 * The frames of a `frames` block: a line with the type, the stream and the flags, then lines of payload up to an empty one. Payloads:
 * fields of HEADERS, CONTINUATION and PUSH_PROMISE, `name: value`; hexadecimal digits after `hex`; else text, its line ends left out.
 */
function readFrames(lines: readonly string[]): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let i = 0; i < lines.length; i++) {
    const [name = "", stream = "0", ...flags] = (lines[i] as string).split(" ");
    const end = lines.indexOf("", i) < 0 ? lines.length : lines.indexOf("", i);
    const isHex = flags.includes("hex");
    const bits = flags.filter((flag) => flag !== "hex").reduce((sum, flag) => sum | FLAG[flag as keyof typeof FLAG], 0);
    frames.push(frame(name as FrameName, bits, Number(stream), payloadOf(name, lines.slice(i + 1, end), isHex)));
    i = end;
  }
  return frames;
}

function payloadOf(name: string, lines: readonly string[], isHex: boolean): Buffer {
  if (isHex) return Buffer.from(lines.join("").replaceAll(" ", ""), "hex");
  if (name !== "HEADERS" && name !== "CONTINUATION") return unescapeBlock(lines.map((line) => `${line}\\`));
  return headerBlock(
    lines.map((line) => {
      const text = unescapeBlock([`${line}\\`]).toString("latin1");
      const colon = text.indexOf(": ", 1);
      return colon < 0 ? ([text.slice(0, -1), ""] as const) : ([text.slice(0, colon), text.slice(colon + 2)] as const);
    }),
  );
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
