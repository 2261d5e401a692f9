import { afterEach, expect, test } from "vitest";
import type { Outcome } from "../../../src/channel/holding.ts";
import type { ProxyAnswer } from "../../../src/channel/proxy-stream.ts";
import { ChannelServer, PlaintextRefused } from "../../../src/channel/server.ts";
import type { ChannelTiming } from "../../../src/channel/timing.ts";
import type { ResourceId } from "../../../src/model/ids.ts";
import { QUICK, Recorder, until, Wire, World } from "./world.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Operator {
  readonly server: ChannelServer;
  readonly port: number;
  readonly answers: ProxyAnswer[];
  readonly gone: string[];
}

async function operator(world: World, port = 0, timing: ChannelTiming = QUICK): Promise<Operator> {
  const answers: ProxyAnswer[] = [];
  const gone: string[] = [];
  const server = new ChannelServer({
    source: world,
    timing,
    onAnswer: (answer) => answers.push(answer),
    onGone: (proxyId) => gone.push(proxyId),
  });
  const address = await server.listen("127.0.0.1", port);
  cleanups.push(() => server.close());
  return { server, port: address.port, answers, gone };
}

function proxy(...args: ConstructorParameters<typeof Recorder>): Recorder {
  const recorder = new Recorder(...args);
  cleanups.push(() => recorder.client.stop());
  return recorder;
}

async function wireTo(port: number): Promise<Wire> {
  const wire = await Wire.to(port);
  cleanups.push(() => wire.close());
  return wire;
}

test("a proxy gets the whole snapshot first, then only what changed, and answers each", async () => {
  const world = new World();
  world.publish({ a: 1, b: 2 });
  const { port, answers, server } = await operator(world);
  const { client, history } = await subscribed(port, () => world.publish({ a: 1, b: 3, c: 1 }));
  world.publish({ b: 3, c: 1 });
  const last = world.current()?.version;
  await until("the last version is held", () => client.version === last && answers.length === 3);
  expect(history()).toEqual([["a", "b"], ["b", "c"], ["-a"]]);
  expect(answers.map(({ proxyId, class: className, refused, whole }) => ({ proxyId, className, refused, whole }))).toEqual(
    Array.from({ length: 3 }, () => ({ proxyId: "proxy-0", className: "web", refused: [], whole: null })),
  );
  expect(server.proxies).toBe(1);
});

async function subscribed(port: number, change: () => void) {
  const recorder = proxy(port);
  await until("the first snapshot is held", () => recorder.client.version !== "");
  change();
  await until("the second delta has come", () => recorder.deltas.length === 2);
  return { client: recorder.client, history: () => recorder.history };
}

test("a proxy that subscribes before anything is compiled gets the first snapshot when there is one, empty or not", async () => {
  const world = new World();
  const { port } = await operator(world);
  const { client, deltas, events } = proxy(port);
  await until("the proxy is connected", () => events.includes("connected"));
  expect(deltas).toEqual([]);
  const version = world.publish({});
  await until("the empty snapshot is held", () => client.version === version);
  expect(version).toBe("0".repeat(64));
});

test("after a cut connection nothing that is held is sent again", async () => {
  const world = new World();
  const services = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`s${index}`, 50]));
  world.publish(services);
  const { port, answers } = await operator(world);
  const wire = await wireTo(port);
  const recorder = proxy(wire.port);
  await until("the snapshot is held", () => recorder.client.version === world.current()?.version);
  const bytesFirst = wire.bytesDown;
  expect(bytesFirst).toBeGreaterThan(300_000);

  wire.cut();
  await until("the proxy is back", () => answers.some(({ resumed }) => resumed));
  expect(recorder.deltas, "no delta when nothing changed").toHaveLength(1);

  wire.cut();
  world.publish({ ...services, s7: 51, extra: 1 });
  await until("the change is held", () => recorder.client.version === world.current()?.version);
  expect(recorder.history[1]).toEqual(["extra", "s7"]);
  expect(wire.bytesDown - bytesFirst).toBeLessThan(20_000);
});

test("a proxy that starts with what it held on disk gets only the difference", async () => {
  const world = new World();
  world.publish({ a: 1, b: 1, old: 1 });
  const before = world.current()!;
  world.publish({ a: 1, b: 2 });
  const { port } = await operator(world);
  const held = { version: before.version, hashes: [...before.resources.values()].map(({ id, hash }) => [id, hash] as const) };
  const recorder = proxy(port, held);
  await until("the difference is applied", () => recorder.client.version === world.current()?.version);
  expect(recorder.history).toEqual([["b", "-old"]]);
  expect(recorder.deltas[0]?.reset).toBe(false);
});

test("when the operator is restarted on its port, the proxy comes back by itself and misses nothing", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const first = await operator(world);
  const recorder = proxy(first.port);
  await until("the first snapshot is held", () => recorder.client.version === world.current()?.version);
  await first.server.close();
  await until("the loss is told", () => recorder.events.some((event) => event.startsWith("lost")));
  world.publish({ a: 1, b: 1 });
  await operator(world, first.port);
  await until("the change is held", () => recorder.client.version === world.current()?.version);
  expect(recorder.history).toEqual([["a"], ["b"]]);
  expect(recorder.events.slice(0, 2)).toEqual(["connected", "lost: the operator shuts down"]);
});

test("resources that a proxy refuses are reported with their reasons, and the rest counts as applied", async () => {
  const world = new World();
  const { port, answers } = await operator(world);
  const recorder = proxy(port);
  const id = "endpoints:Service/shop/b/" as ResourceId;
  recorder.outcome = ({ upserts }) => ({
    applied: true,
    refused: upserts.some((upsert) => upsert.id === id) ? [{ id, reason: "no such balancer" }] : [],
  });
  const version = world.publish({ a: 1, b: 1 });
  await until("the answer is here", () => answers.length === 1);
  expect(answers[0]).toEqual({
    proxyId: "proxy-0",
    class: "web",
    version,
    refused: [{ id, reason: "no such balancer" }],
    whole: null,
    resumed: false,
  });
  world.publish({ a: 2, b: 1 });
  await until("the next answer is here", () => answers.length === 2);
  expect(recorder.history[1]).toEqual(["a"]);
  expect(answers[1]?.refused).toEqual([]);
});

test("a proxy whose refusals change without a delta says so at once, and again when it comes back", async () => {
  const world = new World();
  const { port, answers } = await operator(world);
  const wire = await wireTo(port);
  const recorder = proxy(wire.port);
  const refused = [{ id: "endpoints:Service/shop/b/" as ResourceId, reason: "no such balancer" }];
  const version = world.publish({ a: 1, b: 1 });
  await until("the answer is here", () => answers.length === 1);
  for (const now of [refused, [], refused]) {
    const before = answers.length;
    recorder.client.changeRefusals(now);
    await until("it is told", () => answers.length === before + 1);
    expect(answers.at(-1)).toMatchObject({ version, refused: now, whole: null, resumed: false });
  }
  wire.cut();
  await until("the proxy is back", () => answers.length === 5);
  expect(answers.at(-1)).toMatchObject({ version, refused, resumed: true });
});

test("a proxy that comes back says again what it refuses, however much that is", async () => {
  const world = new World();
  const { port, answers } = await operator(world);
  const wire = await wireTo(port);
  const recorder = proxy(wire.port);
  recorder.outcome = ({ upserts }) => ({
    applied: true,
    refused: upserts.map(({ id }) => ({ id, reason: "no such balancer. ".repeat(500) })),
  });
  world.publish(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`s${index}`, 1])));
  await until("it is answered", () => answers.length === 1);
  wire.cut();
  await until("the proxy is back", () => answers.length === 2);
  expect(answers.map(({ resumed, refused }) => [resumed, refused.length])).toEqual([
    [false, 3_000],
    [true, 3_000],
  ]);
  expect(answers[1]?.refused).toEqual(answers[0]?.refused);
});

test("a delta that a proxy cannot apply at all is tried again, the second time from nothing", async () => {
  const world = new World();
  const { port, answers } = await operator(world);
  const recorder = proxy(port);
  world.publish({ a: 1 });
  await until("the first snapshot is held", () => recorder.client.version === world.current()?.version);
  let rejections = 0;
  recorder.outcome = ({ reset }): Outcome => {
    if (reset) return { applied: true, refused: [] };
    rejections++;
    return { applied: false, reason: "the disk says otherwise" };
  };
  const version = world.publish({ a: 1, b: 1 });
  await until("it is held in the end", () => recorder.client.version === version);
  expect(rejections).toBe(2);
  expect(recorder.history).toEqual([["a"], ["b"], ["b"], ["a", "b"]]);
  await until("every answer is here", () => answers.length === 4);
  expect(answers.map(({ whole }) => whole)).toEqual([null, "the disk says otherwise", "the disk says otherwise", null]);
});

test("a slow proxy gets the newest state next, not every state in between", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { port, answers } = await operator(world);
  const recorder = proxy(port);
  let release: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  await until("the first snapshot is held", () => recorder.client.version === world.current()?.version);
  recorder.outcome = async () => {
    await slow;
    return { applied: true, refused: [] };
  };
  world.publish({ a: 2 });
  await until("the proxy is busy", () => recorder.deltas.length === 2);
  for (let servers = 3; servers < 100; servers++) world.publish({ a: servers, passing: servers });
  world.publish({ a: 100 });
  release();
  await until("the newest state is held", () => recorder.client.version === world.current()?.version);
  expect(recorder.history).toEqual([["a"], ["a"], ["a"]]);
  await until("each delta is answered once", () => answers.length === 3);
});

test("heartbeats keep an idle stream alive; a wire that goes dead is noticed by both sides", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const timing = { ...QUICK, silenceMs: 400 };
  const { port, gone, server } = await operator(world, 0, timing);
  const wire = await wireTo(port);
  const recorder = proxy(wire.port, { version: "", hashes: [] }, timing);
  await until("the snapshot is held", () => recorder.client.version === world.current()?.version);
  await new Promise((resolve) => setTimeout(resolve, 3 * timing.silenceMs));
  expect(recorder.events).toEqual(["connected"]);

  wire.freeze();
  await until("both have noticed", () => gone.includes("proxy-0") && recorder.events.includes("lost: the operator fell silent"));
  expect(server.proxies).toBe(0);
  wire.cut();
  wire.thaw();
  await until("the proxy is back", () => recorder.client.isConnected);
});

test("a stream that reaches its age is renewed at once, without a delta", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { port, answers } = await operator(world, 0, { ...QUICK, streamAgeMs: 200 });
  const recorder = proxy(port);
  await until("it was renewed", () => answers.filter(({ resumed }) => resumed).length >= 2);
  expect(recorder.deltas).toHaveLength(1);
  expect(recorder.events.slice(0, 3)).toEqual(["connected", "lost: the stream reached its age", "connected"]);
});

test("a proxy that never answers is sent away", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { port } = await operator(world, 0, { ...QUICK, answerMs: 100 });
  const recorder = proxy(port);
  recorder.outcome = () => new Promise(() => {});
  const lost = `lost: the operator refused: no answer to version ${world.current()?.version}`;
  await until("it was told so", () => recorder.events.includes(lost));
});

test("a resource larger than a message arrives whole", async () => {
  const world = new World();
  const version = world.publish({ huge: 60_000, small: 1 });
  const { port } = await operator(world);
  const recorder = proxy(port);
  await until("it is held", () => recorder.client.version === version);
  const sent = world.current()?.resources.get("endpoints:Service/shop/huge/" as ResourceId);
  expect(sent?.body.length).toBeGreaterThan(2 << 20);
  const got = recorder.deltas[0]?.upserts.find(({ id }) => id === sent?.id);
  expect(Buffer.compare(got?.body ?? Buffer.alloc(0), sent?.body ?? Buffer.alloc(1))).toBe(0);
});

test("the channel is not offered in plaintext beyond this machine", async () => {
  const server = new ChannelServer({ source: new World() });
  await expect(server.listen("0.0.0.0", 0)).rejects.toThrow(PlaintextRefused);
});

test("a stream that breaks while a delta is applied is followed by another when that is done, and nothing is applied twice", async () => {
  const world = new World();
  world.publish({ a: 1 });
  const { port, answers } = await operator(world);
  const wire = await wireTo(port);
  const recorder = proxy(wire.port);
  await until("the first snapshot is held", () => recorder.client.version === world.current()?.version);
  let applying = 0;
  let most = 0;
  let release: () => void = () => {};
  recorder.outcome = async () => {
    most = Math.max(most, ++applying);
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    applying--;
    return { applied: true, refused: [] };
  };
  world.publish({ a: 1, b: 1 });
  await until("the proxy is busy", () => applying === 1);
  wire.cut();
  await until("it has lost the operator", () => recorder.events.length === 2);
  world.publish({ a: 1, b: 1, c: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5 * QUICK.backoffMostMs));
  expect([recorder.deltas.length, recorder.events.length]).toEqual([2, 2]);
  release();
  await until("the next one comes", () => recorder.deltas.length === 3);
  release();
  await until("all is held", () => recorder.client.version === world.current()?.version);
  expect(most).toBe(1);
  expect(recorder.history).toEqual([["a"], ["b"], ["c"]]);
  await until("what was applied unheard needs no answer", () => answers.length === 2);
});
