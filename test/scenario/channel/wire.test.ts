import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProxyMessageSchema } from "../../../src/channel/gen/snapshot_pb.ts";
import { lengthPrefixed } from "../../../src/channel/grpc/messages.ts";
import { ChannelServer } from "../../../src/channel/server.ts";
import { STREAM_PATH } from "../../../src/channel/stream-path.ts";
import { RESOURCE_FORMATS } from "../../../src/model/resource.ts";
import { QUICK, Recorder, until, World } from "./world.ts";

/** The gRPC beneath the channel, at its edges: what either side does with a peer that keeps to HTTP/2 and to nothing else. */

const cleanups: (() => unknown)[] = [];
let session: ClientHttp2Session;
let server: ChannelServer;
let world: World;
let port: number;

beforeEach(async () => {
  world = new World();
  world.publish({ a: 1 });
  server = new ChannelServer({ source: world, timing: QUICK });
  ({ port } = await server.listen("127.0.0.1", 0));
  session = connect(`http://127.0.0.1:${port}`);
  cleanups.push(
    () => server.close(),
    () => session.destroy(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const CALL = { ":method": "POST", ":path": STREAM_PATH, "content-type": "application/grpc+proto", te: "trailers" };

/** What the operator answers to a request: status, and how it ends the call. */
async function ask(headers: OutgoingHttpHeaders, body?: Uint8Array) {
  const stream = session.request({ ...CALL, ...headers }, { endStream: false });
  stream.on("error", () => {});
  stream.resume();
  let told: Record<string, unknown> = {};
  stream.on("response", (response) => {
    told = { ...response };
  });
  stream.on("trailers", (trailers) => {
    told = { ...told, ...trailers };
  });
  if (body === undefined) stream.end();
  else stream.write(body);
  await once(stream, "close");
  return { status: told[":status"], grpc: told["grpc-status"], message: decodeURIComponent(String(told["grpc-message"] ?? "")) };
}

test("what is no call of the channel's method is told so, and gets no stream", async () => {
  expect(await ask({ ":method": "GET" })).toMatchObject({ status: 415 });
  expect(await ask({ "content-type": "application/json" })).toMatchObject({ status: 415 });
  expect(await ask({ "content-type": "application/grpc+json" })).toMatchObject({ status: 415 });
  expect(await ask({ ":path": "/grpc.health.v1.Health/Check" })).toEqual({
    status: 200,
    grpc: "12",
    message: "there is no /grpc.health.v1.Health/Check",
  });
  expect(server.proxies).toBe(0);
});

test("gRPC without a suffix means protobuf, and a caller that says nothing and leaves gets an end without an error", async () => {
  expect(await ask({ "content-type": "application/grpc" })).toEqual({ status: 200, grpc: "0", message: "" });
});

test.each<[what: string, body: Uint8Array, grpc: string, message: RegExp]>([
  ["too large", Buffer.from([0, 0, 64, 0, 1]), "8", /^a message of 4194305 bytes, where 4194304 are taken$/],
  ["compressed", Buffer.from([1, 0, 0, 0, 1, 0]), "12", /compressed/],
  ["no protobuf", lengthPrefixed(Buffer.from([0xff, 0xff, 0xff])), "3", /./],
])("a message that is %s ends the call with its reason", async (_, body, grpc, message) => {
  const answer = await ask({}, body);
  expect(answer).toMatchObject({ status: 200, grpc });
  expect(answer.message).toMatch(message);
});

test("callers that leave at any moment take nothing from those who stay", async () => {
  const said = { class: "web", proxyId: "gone", formats: [...RESOURCE_FORMATS] };
  const subscribe = create(ProxyMessageSchema, { message: { case: "subscribe", value: said } });
  const stays = new Recorder(port);
  cleanups.push(() => stays.client.stop());
  for (let turn = 0; turn < 30; turn++) {
    const stream = session.request(CALL, { endStream: false });
    stream.on("error", () => {});
    if (turn % 3 > 0) stream.write(lengthPrefixed(toBinary(ProxyMessageSchema, subscribe)));
    if (turn % 3 > 1) await once(stream, "response");
    const version = world.publish({ a: turn + 2 });
    stream.close(constants.NGHTTP2_CANCEL);
    await until("who stays has the change", () => stays.client.version === version);
  }
  await until("the others are forgotten", () => server.proxies === 1);
  expect(stays.events).toEqual(["connected"]);
});

/** An operator that answers every request as told. */
async function strange(answer: (stream: ServerHttp2Stream) => void): Promise<number> {
  const other = createServer();
  other.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  cleanups.push(() => other.close());
  return (other.address() as AddressInfo).port;
}

test.each<[what: string, reason: RegExp, answer: (stream: ServerHttp2Stream) => void]>([
  [
    "is none of gRPC",
    /status 502, content type text\/html/,
    (stream) => stream.respond({ ":status": 502, "content-type": "text/html" }),
  ],
  [
    "is a refusal without a message",
    /gRPC status 16/,
    (stream) => stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "16" }, { endStream: true }),
  ],
  [
    "is a refusal in trailers",
    /too many: 100%/,
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "8", "grpc-message": "too many: 100%25" }));
      stream.end();
    },
  ],
  [
    "is larger than a part of a delta may be",
    /a message of 16777216 bytes/,
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc+proto" });
      stream.write(Buffer.from([0, 1, 0, 0, 0]));
    },
  ],
  [
    "is no protobuf",
    /lost: /,
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc+proto" });
      stream.write(lengthPrefixed(Buffer.from([0xff, 0xff, 0xff])));
    },
  ],
])("a proxy whose operator's answer %s says why it has lost it, and tries again", async (_, reason, answer) => {
  let visits = 0;
  const recorder = new Recorder(
    await strange((stream) => {
      visits++;
      answer(stream);
    }),
  );
  cleanups.push(() => recorder.client.stop());
  await until("it has tried twice", () => visits > 1);
  expect(recorder.events[0]).toMatch(reason);
  expect(recorder.events).not.toContain("connected");
});
