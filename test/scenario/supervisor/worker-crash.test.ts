import { afterEach, expect, test } from "vitest";
import { ControlHalf } from "../../../src/cmd/control-half.ts";
import { resourceId } from "../../../src/model/ids.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor } from "../../../src/proxy/supervisor/supervisor.ts";
import { TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { until } from "../channel/world.ts";
import { Load } from "../dev/ask.ts";
import { ManifestFolder, route, service, Upstream } from "../dev/manifests.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const WEB = {
  id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" }),
  name: "web",
  host: "127.0.0.1",
  port: 0,
  tls: false,
  trustedProxies: [],
} as const;

async function control(manifests: ManifestFolder): Promise<number> {
  const half = new ControlHalf({
    directory: manifests.path,
    entryPoints: [WEB],
    classes: { select: "every", publishAs: "web" },
    onCompiled: () => {},
    onProblems: () => {},
    onFailed: (error) => {
      throw error;
    },
  });
  cleanups.push(() => half.stop());
  const { port } = await half.listen("127.0.0.1", 0);
  await half.start();
  return port;
}

test("a worker that dies takes only its own connections along, and its successor serves what is live", async () => {
  const manifests = new ManifestFolder();
  const upstream = await Upstream.start("blue");
  cleanups.push(
    () => manifests.delete(),
    () => upstream.close(),
  );
  manifests.write("site.yaml", `${service("blue", upstream.port)}---\n${route("site.localhost", "blue")}`);
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    operatorUrl: `http://127.0.0.1:${await control(manifests)}`,
    className: "web",
    proxyId: "proxy-0",
    workers: 2,
    stateDirectory: null,
    stateKeyFile: null,
    admin: null,
    drain: TERMINAL_DRAIN,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    threads: {
      worker: new URL("./crashing-worker.ts", import.meta.url),
      build: new URL("../../../src/proxy/build/build-thread.ts", import.meta.url),
    },
  });
  cleanups.push(() => supervisor.stop());
  await supervisor.start();
  const of = (name: SupervisorEvent["event"]) => events.filter(({ event }) => event === name);
  await until("it is live", () => of("live").length === 1);
  const listening = events.find((event) => event.event === "listening");
  const port = listening?.event === "listening" ? listening.entryPoint.port : 0;

  const load = new Load(port, "site.localhost", 8);
  await until("it is under load", () => load.count > 50);
  const calls = new BroadcastChannel("crash");
  cleanups.push(() => calls.close());
  calls.postMessage(0);
  await until("the worker is lost", () => of("workerLost").length === 1);
  await until("its successor is up", () => of("workerReady").length === 3);
  const during = await load.stop();
  expect(of("workerLost")[0]).toMatchObject({ slot: 0, reason: "called out" });
  // What failed was under way, or queued, on the worker that died: at most one request a client.
  const failures = [...during].filter(([outcome]) => outcome !== "200 blue");
  expect(failures.every(([outcome]) => /^failed: (ECONNRESET|ECONNREFUSED)$/.test(outcome))).toBe(true);
  expect(failures.reduce((sum, [, n]) => sum + n, 0)).toBeLessThanOrEqual(8);

  const after = new Load(port, "site.localhost", 8);
  await until("there were many more", () => after.count > 300);
  expect([...(await after.stop()).keys()]).toEqual(["200 blue"]);
  expect(supervisor.metrics()).toContain("\nfairway_workers_live 2\n");
});
