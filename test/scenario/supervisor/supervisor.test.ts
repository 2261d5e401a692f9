import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { ProxyAnswer } from "../../../src/channel/proxy-stream.ts";
import { ChannelServer } from "../../../src/channel/server.ts";
import { encodeResource, SetHash } from "../../../src/model/encode.ts";
import { type ResourceId, resourceId } from "../../../src/model/ids.ts";
import type { EncodedResource } from "../../../src/model/resource.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor, type SupervisorOptions } from "../../../src/proxy/supervisor/supervisor.ts";
import { SUPERVISOR_TIMING, TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { QUICK, until, World } from "../channel/world.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Entry points by name, as the snapshots of a class. */
class EntryPointWorld extends World {
  publishEntryPoints(ports: Readonly<Record<string, number>>): string {
    const resources = new Map<ResourceId, EncodedResource>();
    const sum = new SetHash();
    for (const [name, port] of Object.entries(ports)) {
      const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name });
      const encoded = encodeResource({ id, name, host: "127.0.0.1", port, tls: false, trustedProxies: [] });
      resources.set(id, encoded);
      sum.add(encoded.hash);
    }
    return this.publishSnapshot({ class: "web", version: sum.hex(), resources });
  }
}

interface Proxy {
  readonly world: EntryPointWorld;
  readonly supervisor: Supervisor;
  readonly events: SupervisorEvent[];
  readonly answers: ProxyAnswer[];
  /** Port of an entry point, once it is open. */
  port(name: string): number;
  admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
  of<E extends SupervisorEvent["event"]>(event: E): Extract<SupervisorEvent, { readonly event: E }>[];
}

async function proxy(options: Partial<SupervisorOptions> = {}): Promise<Proxy> {
  const world = new EntryPointWorld();
  const answers: ProxyAnswer[] = [];
  const server = new ChannelServer({ source: world, timing: QUICK, onAnswer: (answer) => answers.push(answer) });
  const { port } = await server.listen("127.0.0.1", 0);
  cleanups.push(() => server.close());
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    operatorUrl: `http://127.0.0.1:${port}`,
    className: "web",
    proxyId: "proxy-0",
    workers: 2,
    stateDirectory: null,
    stateKeyFile: null,
    admin: { host: "127.0.0.1", port: 0 },
    drain: TERMINAL_DRAIN,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    timing: { ...SUPERVISOR_TIMING, prepareMs: 500, switchMs: 500, silenceMs: 1_500 },
    channelTiming: QUICK,
    threads: { worker: new URL("./fake-worker.ts", import.meta.url), build: new URL("./fake-build.ts", import.meta.url) },
    ...options,
  });
  cleanups.push(() => supervisor.stop());
  await supervisor.start();
  const of: Proxy["of"] = (name) => events.filter((event) => event.event === name) as never;
  return {
    world,
    supervisor,
    events,
    answers,
    of,
    port: (name) => of("listening").findLast(({ entryPoint }) => entryPoint.name === name)?.entryPoint.port ?? 0,
    admin: async (path) => {
      const response = await fetch(`http://127.0.0.1:${of("admin")[0]?.port}${path}`);
      return { status: response.status, text: await response.text() };
    },
  };
}

/** What a worker says on a new connection. */
async function ask(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes;
  });
  await once(socket, "close");
  return text.trim();
}

test("a generation goes live on all workers at once, with one port for all where the port is 0", async () => {
  const { world, port, answers, of } = await proxy();
  const version = world.publishEntryPoints({ web: 0 });
  await until("it is live", () => of("live").length === 1 && answers.length === 1);
  expect(answers[0]).toMatchObject({ version, refused: [], whole: null });
  const heard = new Set<string>();
  for (let i = 0; i < 200 && heard.size < 2; i++) heard.add(await ask(port("web")));
  expect([...heard].sort()).toEqual(["worker 0 generation 1", "worker 1 generation 1"]);

  world.publishEntryPoints({ web: 0, second: 0 });
  await until("the next is live", () => of("live").length === 2);
  expect(of("listening").map(({ entryPoint }) => entryPoint.name)).toEqual(["web", "second"]);
  expect(await ask(port("web"))).toMatch(/generation 2$/);
  expect(port("second")).not.toBe(port("web"));
});

test("a port already in use is told with entry point and address, and the others are served", async () => {
  const rival = createServer().listen({ host: "127.0.0.1", port: 0, reusePort: true });
  await once(rival, "listening");
  cleanups.push(() => rival.close());
  const { port: taken } = rival.address() as { readonly port: number };
  const { world, port, of, answers, admin } = await proxy();
  world.publishEntryPoints({ web: 0, websecure: taken });
  await until("it is live", () => answers.length === 1);
  const message = `entry point "websecure": 127.0.0.1:${taken} is already in use`;
  expect(of("entryPointFailed")).toEqual([{ event: "entryPointFailed", message }]);
  expect(answers[0]?.refused).toEqual([{ id: "entryPoint:EntryPoint//websecure/", reason: message }]);
  expect(await ask(port("web"))).toMatch(/generation 1$/);
  expect(await admin("/readyz")).toEqual({ status: 503, text: `${message}\n` });
});

test("a port that becomes free is opened, and the operator hears of it at once", async () => {
  const rival = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(rival, "listening");
  const { port: taken } = rival.address() as { readonly port: number };
  cleanups.push(() => rival.close());
  const timing = { ...SUPERVISOR_TIMING, reopenFirstMs: 50, reopenMostMs: 50 };
  const { world, of, answers } = await proxy({ timing });
  const version = world.publishEntryPoints({ web: 0, websecure: taken });
  await until("it is live", () => answers.length === 1);
  expect(answers[0]?.refused).toHaveLength(1);
  rival.close();
  await until("it is told", () => answers.length === 2);
  expect(answers[1]).toMatchObject({ version, refused: [], whole: null });
  expect(of("listening").map(({ entryPoint }) => entryPoint.name)).toEqual(["web", "websecure"]);
  // Each try that changes nothing is the proxy's own business.
  expect(of("live")).toHaveLength(1);
});

test("two entry points with one address: the first has it, the other is told", async () => {
  const { world, of, port } = await proxy();
  world.publishEntryPoints({ a: 0 });
  await until("a is open", () => of("live").length === 1);
  world.publishEntryPoints({ a: 0, b: port("a") });
  await until("the next is live", () => of("live").length === 2);
  expect(of("entryPointFailed").map(({ message }) => message)).toEqual([
    `entry point "b": 127.0.0.1:${port("a")} is already the address of entry point "a"`,
  ]);
});

test("a worker that hangs in a step is replaced, and the generation is live on the others", async () => {
  const { world, of, answers, port, supervisor } = await proxy();
  world.publishEntryPoints({ web: 0, "hang-1": 0 });
  await until("it is answered", () => answers.length === 1);
  expect(answers[0]?.whole).toBeNull();
  await until("the worker is gone", () => of("workerLost").length === 1);
  expect(of("workerLost")).toEqual([{ event: "workerLost", slot: 1, reason: "it did not prepare generation 1 within 500 ms" }]);
  expect(of("workerReady"), "its successor was up before").toHaveLength(3);
  const heard = new Set<string>();
  for (let i = 0; i < 200 && heard.size < 2; i++) heard.add(await ask(port("web")));
  expect([...heard].sort()).toEqual(["worker 0 generation 1", "worker 2 generation 1"]);
  expect(supervisor.metrics()).toContain("\nfairway_worker_restarts_total 1\n");
});

test("when every worker hangs, each goes when its successor listens: nobody is refused meanwhile", async () => {
  const { world, of, answers, port } = await proxy();
  world.publishEntryPoints({ web: 0 });
  await until("it is live", () => answers.length === 1);
  world.publishEntryPoints({ web: 0, "hang-0": 0, "hang-1": 0 });
  await until("it is answered", () => answers.length === 2);
  expect(answers[1]?.whole).toBe("no worker took it: it did not prepare generation 2 within 500 ms");
  const outcomes = new Map<string, number>();
  while (of("workerLost").length < 2) {
    const outcome = await ask(port("web")).catch((error: NodeJS.ErrnoException) => error.code ?? "");
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(of("workerReady")).toHaveLength(4);
  expect(outcomes.get("ECONNREFUSED")).toBeUndefined();
  expect([...outcomes.keys()]).toContain("worker 2 generation 1");
});

test("a generation that workers cannot use costs none of them", async () => {
  const { world, of, answers, port } = await proxy();
  world.publishEntryPoints({ web: 0 });
  await until("it is live", () => answers.length === 1);
  world.publishEntryPoints({ web: 0, "refuse-0": 0, "refuse-1": 0 });
  await until("it is answered", () => answers.length === 2);
  expect(answers[1]?.whole).toBe("no worker took it: told to refuse");
  expect(await ask(port("web"))).toMatch(/generation 1$/);
  expect(of("workerLost")).toEqual([]);
});

test("when no worker takes a generation, the one before stays and the operator learns why", async () => {
  const { world, of, answers, port } = await proxy();
  world.publishEntryPoints({ web: 0 });
  await until("the first is live", () => answers.length === 1);
  world.publishEntryPoints({ web: 0, "crash-0": 0, "crash-1": 0 });
  await until("it was offered and refused several times", () => answers.length >= 4);
  for (const { whole } of answers.slice(1)) {
    expect(whole).toBe("no worker took it: it ended before it could prepare generation 2");
  }
  await until("both workers are back", () => of("workerReady").length === 4);
  expect(await ask(port("web"))).toMatch(/^worker [01] generation 1$/);
  expect(of("workerLost"), "it is tried only once").toHaveLength(2);

  world.publishEntryPoints({ web: 0, good: 0 });
  await until("the way out is live", () => of("live").length === 2);
  expect(await ask(port("web"))).toMatch(/^worker [01] generation [3-9]$/);
  expect(of("workerLost")).toHaveLength(2);
});

test("a worker that falls silent is replaced by one that holds the current generation", async () => {
  const { world, of, port } = await proxy();
  world.publishEntryPoints({ web: 0, "mute-0": 0 });
  await until("it was noticed", () => of("workerLost").length === 1);
  expect(of("workerLost")[0]).toEqual({ event: "workerLost", slot: 0, reason: "it fell silent" });
  await until("the new worker is up", () => of("workerReady").length === 3);
  for (let i = 0; i < 20; i++) expect(await ask(port("web"))).toMatch(/generation 1$/);
});

test("the admin port says alive, ready, what is live and what was counted", async () => {
  const { world, admin, of, port, supervisor } = await proxy({ drain: { ...TERMINAL_DRAIN, delayMs: 300 } });
  expect(await admin("/healthz")).toEqual({ status: 200, text: "ok\n" });
  expect(await admin("/readyz")).toEqual({ status: 503, text: "no snapshot is live yet\n" });
  const version = world.publishEntryPoints({ web: 0 });
  await until("it is live", () => of("live").length === 1);
  expect(await admin("/readyz")).toEqual({ status: 200, text: "ok\n" });
  await ask(port("web"));
  const { text } = await admin("/metrics");
  expect(text).toContain(`\nfairway_snapshot_version{version="${version}"} 1\n`);
  expect(text).toContain("\nfairway_connections_accepted_total 1\n");
  expect(text).toContain('\nfairway_swaps_total{result="live"} 1\n');
  expect(text).toContain("\nfairway_workers_live 2\n");
  expect(await admin("/api/snapshot")).toEqual({ status: 200, text: '["entryPoint:EntryPoint//web/"]' });
  expect((await admin("/other")).status).toBe(404);
  const post = await fetch(`http://127.0.0.1:${of("admin")[0]?.port}/metrics`, { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const stopped = supervisor.stop();
  expect(await admin("/readyz")).toEqual({ status: 503, text: "draining\n" });
  await stopped;
});

test("when the build thread dies, workers serve on and the process says that it is sick", async () => {
  const { world, admin, of, port } = await proxy();
  world.publishEntryPoints({ web: 0 });
  await until("it is live", () => of("live").length === 1);
  world.publishEntryPoints({ web: 0, "crash-build": 0 });
  await until("it is refused", () => of("rejected").length > 0);
  expect(await admin("/healthz")).toEqual({ status: 503, text: "the build thread ended: told to crash\n" });
  expect(await ask(port("web"))).toMatch(/generation 1$/);
});
