import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, expect, test } from "vitest";
import { toChunks } from "../../../src/channel/chunks.ts";
import { diff } from "../../../src/channel/diff.ts";
import type { ProxyAnswer } from "../../../src/channel/proxy-stream.ts";
import { ChannelServer } from "../../../src/channel/server.ts";
import type { ResourceId } from "../../../src/model/ids.ts";
import { Outbox } from "./outbox.ts";
import {
  GoAway_Reason,
  type OperatorMessage,
  OperatorMessageSchema,
  type ProxyMessage,
  ProxyMessageSchema,
  SnapshotChannel,
} from "./previous/snapshot_pb.ts";
import { QUICK, Recorder, until, World } from "./world.ts";

/** What both sides say to a peer of the version before, whose messages are those of `previous/`. */

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Said = NonNullable<MessageInitShape<typeof ProxyMessageSchema>["message"]>;

/** A proxy of the version before, as bare as can be: it says what it is told to say and keeps what it hears. */
class PreviousProxy {
  readonly heard: OperatorMessage[] = [];
  readonly #outbox = new Outbox<ProxyMessage>();
  readonly #abort = new AbortController();

  constructor(port: number) {
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
    const incoming = createClient(SnapshotChannel, transport).stream(this.#outbox, { signal: this.#abort.signal });
    void (async () => {
      for await (const message of incoming) this.heard.push(message);
    })().catch(() => {});
    cleanups.push(() => {
      this.#outbox.close();
      this.#abort.abort();
    });
  }

  say(message: Said): void {
    this.#outbox.put(create(ProxyMessageSchema, { message }));
  }

  subscribe(
    more: { readonly version?: string; readonly held?: { id: string; hash: Uint8Array }[]; readonly formats?: number[] } = {},
  ): void {
    const { version = "", held = [], formats = [1] } = more;
    this.say({
      case: "subscribe",
      value: { class: "web", proxyId: "proxy-0", formats, version, held, position: { term: 3n, sequence: 9n } },
    });
  }

  get commits(): string[] {
    return this.heard.flatMap(({ message }) =>
      message.case === "chunk" && message.value.commit ? [message.value.commit.version] : [],
    );
  }

  get goodbyes() {
    return this.heard.flatMap(({ message }) => (message.case === "goAway" ? [message.value] : []));
  }
}

async function operator(world: World, waits = false) {
  const answers: ProxyAnswer[] = [];
  const server = new ChannelServer({ source: world, timing: QUICK, waits, onAnswer: (answer) => answers.push(answer) });
  const { port } = await server.listen("127.0.0.1", 0);
  cleanups.push(() => server.close());
  return { server, port, answers };
}

test("a proxy of the version before is served, and takes a change of the holder for a delta that changes nothing", async () => {
  const world = new World();
  const version = world.publish({ a: 1 });
  const { server, port, answers } = await operator(world, true);
  server.serve({ number: 4n, lease: "lease-1", isCurrent: () => true });
  const fresh = new PreviousProxy(port);
  fresh.subscribe();
  await until("it has the snapshot", () => fresh.commits.length === 1);
  fresh.say({ case: "ack", value: { version } });
  await until("that is noted", () => answers.length === 1);
  const next = world.publish({ a: 1, b: 1 });
  await until("it has the change", () => fresh.commits[1] === next);
  fresh.say({ case: "nack", value: { version: next, refusals: [{ id: "endpoints:Service/shop/b/", reason: "no" }] } });
  await until("its refusal is noted", () => answers.length === 2);
  expect(answers[1]?.refused).toEqual([{ id: "endpoints:Service/shop/b/", reason: "no" }]);

  const held = [...world.current()!.resources.values()].map(({ id, hash }) => ({ id: id as string, hash }));
  const back = new PreviousProxy(port);
  back.subscribe({ version: next, held });
  await until("it is told whose the snapshot is", () => back.commits.length === 1);
  expect(back.commits).toEqual([next]);
  expect(answers[2]).toMatchObject({ version: next, resumed: true, refused: [] });
});

test("a proxy of the version before understands every goodbye as far as it has to", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { server, port } = await operator(world, true);
  server.standAside("https://10.0.0.7:9443");
  const proxy = new PreviousProxy(port);
  proxy.subscribe();
  await until("it is sent away", () => proxy.goodbyes.length === 1);
  expect(proxy.goodbyes[0]).toMatchObject({ reason: GoAway_Reason.NOT_HOLDER, holder: "https://10.0.0.7:9443" });
});

test("a proxy says which formats it reads, and is refused only when ours is not among them", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { port } = await operator(world);
  const [newer, stranger] = [new PreviousProxy(port), new PreviousProxy(port)];
  newer.subscribe({ formats: [1, 2] });
  await until("it is served", () => newer.commits.length === 1);
  stranger.subscribe({ formats: [7] });
  await until("it is refused", () => stranger.goodbyes.length === 1);
  expect(stranger.goodbyes[0]?.detail).toBe("one of the formats 1, 2 is needed");
});

test("an operator of the version before serves a proxy of ours, which takes its word for confirmation", async () => {
  const world = new World();
  world.publish({ a: 1, b: 2 });
  const received: ProxyMessage[] = [];
  const port = await previousOperator(world, received);
  let confirmed = 0;
  const recorder = new Recorder(port, undefined, QUICK, () => {
    confirmed++;
  });
  cleanups.push(() => recorder.client.stop());
  await until("the snapshot is held", () => recorder.client.version === world.current()?.version);
  await until("it is confirmed", () => confirmed > 2);
  const subscribe = received[0]?.message;
  expect(subscribe?.case === "subscribe" && [subscribe.value.class, subscribe.value.proxyId]).toEqual(["web", "proxy-0"]);
  expect(received.some(({ message }) => message.case === "ack")).toBe(true);
});

/** An operator of the version before: one delta from nothing, then heartbeats that say nothing. */
async function previousOperator(world: World, received: ProxyMessage[]): Promise<number> {
  async function* stream(requests: AsyncIterable<ProxyMessage>): AsyncGenerator<OperatorMessage> {
    const reading = requests[Symbol.asyncIterator]();
    const first = await reading.next();
    if (first.done) return;
    received.push(first.value);
    const snapshot = world.current()!;
    for (const { upserts, removals, commit } of toChunks(diff(new Map<ResourceId, Uint8Array>(), "", snapshot), {
      term: 0n,
      sequence: 1n,
      lease: "",
    })) {
      const chunk = {
        upserts: upserts.map(({ id, format, hash, body, more }) => ({ id, format, hash, body, more })),
        removals,
        ...(commit ? { commit: { version: commit.version, position: { term: 0n, sequence: 1n } } } : {}),
      };
      yield create(OperatorMessageSchema, { message: { case: "chunk", value: chunk } });
    }
    const answer = await reading.next();
    if (!answer.done) received.push(answer.value);
    for (;;) {
      yield create(OperatorMessageSchema, { message: { case: "heartbeat", value: {} } });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const server: Http2Server = createServer(
    {},
    connectNodeAdapter({ routes: (router) => router.service(SnapshotChannel, { stream }) }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
