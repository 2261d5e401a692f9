import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import type { GenerationUpdate } from "../messages.ts";
import { EntryPointStatus } from "./entry-point-status.ts";
import type { SupervisorEvent } from "./events.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port that somebody else has, until the test is over or the server is closed. */
async function taken(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return { server, port: (server.address() as { readonly port: number }).port };
}

/** A port that nobody has now. */
async function free(): Promise<number> {
  const { server, port } = await taken();
  server.close();
  await once(server, "close");
  return port;
}

function entryPoint(name: string, port: number, rest: Partial<EntryPoint> = {}): EntryPoint {
  const id = resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "edge" }, name);
  return { id, name, host: "127.0.0.1", port, tls: false, trustedProxies: [], ...rest };
}

const updateOf = (...entryPoints: readonly EntryPoint[]): GenerationUpdate => ({
  sequence: 1,
  version: "v",
  entryPoints,
  index: [],
  resources: [],
  hostnames: [],
});

function statusAndEvents() {
  const events: SupervisorEvent[] = [];
  const status = new EntryPointStatus((event) => events.push(event));
  const live = async (...entryPoints: readonly EntryPoint[]) => {
    const settled = await status.settle(updateOf(...entryPoints));
    status.onLive(settled, []);
    return settled;
  };
  return { status, events, live };
}

test("a port is chosen once, and stays that of its entry point", async () => {
  const { live } = statusAndEvents();
  const [first] = (await live(entryPoint("web", 0))).entryPoints;
  const [second] = (await live(entryPoint("web", 0))).entryPoints;
  expect(first?.port).toBeGreaterThan(0);
  expect(second?.port).toBe(first?.port);
});

test("a port that is taken is told, and had when it is tried again and free", async () => {
  const { status, events, live } = statusAndEvents();
  const { server, port } = await taken();
  const update = await live(entryPoint("web", port), entryPoint("more", 0));
  expect(update.taken).toEqual(["web"]);
  expect(status.problems).toMatchObject([{ entryPoint: { name: "web" }, message: expect.stringContaining(`${port}`) }]);
  const again = await status.settleAgain(update);
  expect(again.taken).toEqual(["web"]);
  server.close();
  await once(server, "close");
  const free = await status.settleAgain(again);
  status.onLive(free, []);
  expect(free.taken).toEqual([]);
  expect(free.entryPoints.map(({ name }) => name)).toEqual(["web", "more"]);
  expect(free.entryPoints[1]?.port).toBe(update.entryPoints[1]?.port);
  expect(status.problems).toEqual([]);
  expect(events.map(({ event }) => event)).toEqual(["entryPointFailed", "listening", "listening"]);
});

test("a generation that is settled and never comes leaves what is known of the live one", async () => {
  const { status, live } = statusAndEvents();
  const { port } = await taken();
  const update = await live(entryPoint("web", port));
  await status.settle(updateOf(entryPoint("other", 0)));
  expect((await status.settleAgain(update)).taken).toEqual(["web"]);
});

test("a port that is ours may move between one address and all of them", async () => {
  const { live } = statusAndEvents();
  const port = await free();
  expect((await live(entryPoint("web", port, { host: "" }))).taken).toEqual([]);
  const ours = createServer().listen({ port, exclusive: true });
  servers.push(ours);
  await once(ours, "listening");
  expect((await live(entryPoint("web", port))).taken).toEqual([]);
  expect((await live(entryPoint("web", port, { host: "" }))).taken).toEqual([]);
});

test("two entry points of one address are one too many", async () => {
  const { live, status } = statusAndEvents();
  const port = await free();
  expect((await live(entryPoint("one", port), entryPoint("two", port, { host: "" }))).taken).toEqual(["two"]);
  expect(status.problems).toMatchObject([{ message: expect.stringContaining('"one"') }]);
});

test("an entry point that is to be as before is left as it is open, and not opened where it is not", async () => {
  const { events, live } = statusAndEvents();
  const [web] = (await live(entryPoint("web", 0))).entryPoints;
  const kept = await live(entryPoint("web", 1, { tls: true, asBefore: true }), entryPoint("new", 0, { asBefore: true }));
  expect(kept.entryPoints).toEqual([web]);
  expect(kept.taken).toEqual([]);
  expect(events.map(({ event }) => event)).toEqual(["listening"]);
});
