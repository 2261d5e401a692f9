import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelServer } from "../../../src/channel/server.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor } from "../../../src/proxy/supervisor/supervisor.ts";
import { TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { ask, Load } from "../dev/ask.ts";
import { Upstream } from "../dev/manifests.ts";
import { freePort, RoutedWorld } from "./routed-world.ts";
import { QUICK, until } from "./world.ts";

const cleanups: (() => unknown)[] = [];
let web: number;
let channel: number;
let world: RoutedWorld;
let pod: Upstream;
let cluster: Upstream;

beforeEach(async () => {
  [web, channel] = [await freePort(), await freePort()];
  world = new RoutedWorld(web);
  [pod, cluster] = [await Upstream.start("pod"), await Upstream.start("cluster")];
  cleanups.push(
    () => pod.close(),
    () => cluster.close(),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function operator(): Promise<ChannelServer> {
  const server = new ChannelServer({ source: world, timing: QUICK });
  await server.listen("127.0.0.1", channel);
  cleanups.push(() => server.close());
  return server;
}

async function proxy(isolateAfterMs: number, stateDirectory: string | null = null) {
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    operatorUrl: `http://127.0.0.1:${channel}`,
    className: "web",
    proxyId: "proxy-0",
    workers: 2,
    stateDirectory,
    stateKeyFile: null,
    admin: { host: "127.0.0.1", port: 0 },
    drain: TERMINAL_DRAIN,
    isolateAfterMs,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    channelTiming: QUICK,
  });
  cleanups.push(() => supervisor.stop());
  await supervisor.start();
  const count = (name: SupervisorEvent["event"]): number => events.filter(({ event }) => event === name).length;
  return { supervisor, count };
}

async function said(name: string): Promise<string> {
  const { status, body } = await ask(web, { host: `${name}.test` });
  return status === 200 ? body : String(status);
}

/** What every worker says: as many requests in a row, each on a connection of its own. */
async function everybodySays(name: string, answer: string): Promise<void> {
  let inARow = 0;
  const deadline = performance.now() + 10_000;
  while (inARow < 20) {
    inARow = (await said(name)) === answer ? inARow + 1 : 0;
    if (performance.now() > deadline) throw new Error(`${name} does not come to say ${answer}`);
  }
}

test("without an operator for long, requests go to ClusterIPs, headless services answer 503, and no request is lost; then back", async () => {
  const first = await operator();
  const services = {
    app: { endpointPort: pod.port, clusterPort: cluster.port },
    headless: { endpointPort: pod.port, clusterPort: null },
  };
  world.route(services);
  const { supervisor, count } = await proxy(1_000);
  await until("it is live", () => count("live") === 1);
  expect([await said("app"), await said("headless")]).toEqual(["pod", "pod"]);
  expect(supervisor.metrics()).toContain("fairway_isolated 0");
  const load = new Load(web, "app.test", 4);

  await first.close();
  await until("it is isolated", () => count("isolated") === 1);
  await everybodySays("app", "cluster");
  await everybodySays("headless", "503");
  expect(supervisor.metrics()).toContain("fairway_isolated 1");
  expect(supervisor.unreadiness()).toEqual([]);

  const second = await operator();
  await until("it is not isolated any more", () => count("rejoined") === 1);
  await everybodySays("app", "pod");
  await everybodySays("headless", "pod");
  expect(count("live"), "nothing had changed").toBe(1);

  await second.close();
  await until("it is isolated again", () => count("isolated") === 2);
  await everybodySays("app", "cluster");
  world.route({ ...services, more: services.app });
  await operator();
  await until("the change is live", () => count("live") === 2);
  await everybodySays("more", "pod");
  await everybodySays("app", "pod");
  const answers = await load.stop();
  expect([...answers.keys()].sort(), "every request had an answer").toEqual(["200 cluster", "200 pod"]);
});

test("the class says after what time, and its word counts more than the proxy's flag", async () => {
  const server = await operator();
  const app = { endpointPort: pod.port, clusterPort: cluster.port };
  world.route({ app }, 600);
  const { count } = await proxy(0);
  await until("it is live", () => count("live") === 1);
  await server.close();
  await until("it is isolated", () => count("isolated") === 1);
  await everybodySays("app", "cluster");
});

test("an operator that is heard keeps endpoints for ever, however little it has to say", async () => {
  await operator();
  world.route({ app: { endpointPort: pod.port, clusterPort: cluster.port } });
  const { count } = await proxy(500);
  await until("it is live", () => count("live") === 1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([count("isolated"), await said("app")]).toEqual([0, "pod"]);
});

test("a proxy that starts from its last good snapshot is isolated in time, too; one that has none stays unready", async () => {
  const folder = mkdtempSync(join(tmpdir(), "isolation-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const server = await operator();
  world.route({ app: { endpointPort: pod.port, clusterPort: cluster.port } });
  const before = await proxy(0, folder);
  await until("it is live", () => before.count("live") === 1);
  await before.supervisor.stop();
  await server.close();

  const restarted = await proxy(1_000, folder);
  expect(await said("app")).toBe("pod");
  await until("it is isolated", () => restarted.count("isolated") === 1);
  await everybodySays("app", "cluster");
  expect(restarted.supervisor.unreadiness()).toEqual([]);
  await restarted.supervisor.stop();

  const empty = await proxy(200);
  await until("it is isolated", () => empty.count("isolated") === 1);
  expect(empty.supervisor.unreadiness()).toEqual(["no snapshot is live yet"]);
});
