import { expect, test } from "vitest";
import { storedObject } from "../../test/compile/world-edits.ts";
import type { Clock } from "../kernel/clock.ts";
import { decodeResource } from "../model/encode.ts";
import { resourceId } from "../model/ids.ts";
import type { Router } from "../model/router.ts";
import { Compiler } from "./graph/compiler.ts";
import { Publisher } from "./publish/publisher.ts";
import { type CompiledRun, Reconciler } from "./reconciler.ts";
import { ObjectStore } from "./store/object-store.ts";
import { CONTROLLER_NAME } from "./translate/settings.ts";

/** Time that passes only when told to. */
class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  now = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function started(publisher = new Publisher()) {
  const store = new ObjectStore();
  store.apply(storedObject("Service", "one", "a", { spec: { ports: [{ port: 80 }] } }));
  store.apply(route("x"));
  const clock = new ManualClock();
  const runs: CompiledRun[] = [];
  const failures: { readonly error: unknown; readonly retryMs: number }[] = [];
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" });
  const compiler = new Compiler(
    {
      controllerName: CONTROLLER_NAME,
      classes: { select: "every", publishAs: "fairway" },
      entryPoints: [{ id, name: "web", host: "", port: 80, tls: false, trustedProxies: [] }],
      allowCrossNamespace: false,
      allowExternalName: false,
      allowLoopback: false,
      operatorNamespace: "fairway-system",
    },
    clock,
  );
  const reconciler = new Reconciler({
    store,
    compiler,
    publisher,
    clock,
    onCompiled: (run) => runs.push(run),
    onFailed: (error, retryMs) => failures.push({ error, retryMs }),
  });
  const first = await reconciler.start();
  const routers = () =>
    [...(publisher.current("fairway")?.resources.values() ?? [])]
      .map((resource) => decodeResource(resource))
      .flatMap((decoded) => (decoded.ok && "ruleText" in decoded.value ? [decoded.value as Router] : []));
  return { store, clock, publisher, runs, failures, reconciler, first, routers };
}

function route(name: string, middlewares: readonly string[] = []) {
  const uses = middlewares.map((each) => ({ name: each }));
  const rule = { match: `Host(\`${name}.com\`)`, middlewares: uses, services: [{ name: "a", port: 80 }] };
  return storedObject("IngressRoute", "one", name, { spec: { routes: [rule] } });
}

test("the first run publishes everything before start resolves", async () => {
  const { first, runs, publisher, routers } = await started();
  expect(first.versions.get("fairway")).toBe(publisher.current("fairway")?.version);
  expect(first.changedObjects).toBe(2);
  expect(runs).toEqual([first]);
  expect(routers().map((router) => router.ruleText)).toEqual(["Host(`x.com`)"]);
});

test("a change that finds it idle is published without any wait", async () => {
  const { store, clock, runs, routers } = await started();
  await clock.pass(10);
  store.apply(route("y"));
  await settle();
  expect(routers()).toHaveLength(2);
  expect(runs[1]).toMatchObject({ durationMs: 0, changedObjects: 1, changedRouters: [expect.stringContaining("/one/y/")] });
});

test("changes made in one go are one run", async () => {
  const { store, clock, runs } = await started();
  await clock.pass(10);
  store.apply(route("y"));
  store.apply(route("z"));
  await settle();
  expect(runs.slice(1)).toMatchObject([{ changedObjects: 2 }]);
});

test("changes within 10 ms after a run are taken together when these are over", async () => {
  const { store, clock, runs } = await started();
  await clock.pass(5);
  store.apply(route("y"));
  await clock.pass(4);
  store.apply(route("z"));
  await settle();
  expect(runs).toHaveLength(1);
  await clock.pass(1);
  expect(runs.slice(1)).toMatchObject([{ changedObjects: 2, durationMs: 5 }]);
});

test("a change that leads to nothing new is not told", async () => {
  const { store, clock, runs } = await started();
  await clock.pass(10);
  store.apply(storedObject("ConfigMap", "one", "unrelated", { data: {} }));
  await clock.pass(20);
  expect(runs).toHaveLength(1);
});

test("a problem that changes no snapshot is told", async () => {
  const { store, clock, runs } = await started();
  await clock.pass(10);
  store.apply(storedObject("Middleware", "one", "unused", { spec: { addPrefix: { prefix: "/x" } } }));
  await clock.pass(20);
  expect(runs[1]).toMatchObject({ problemsChanged: true, changedRouters: [] });
  expect(runs[1]?.versions.size).toBe(0);
});

test("a rule that begins to miss a reference answers as before for 2 s, and 503 after that", async () => {
  const { store, clock, routers } = await started();
  await clock.pass(10);
  store.apply(route("x", ["late"]));
  await clock.pass(1_999);
  expect(routers()).toMatchObject([{ tombstone: null, middlewares: [] }]);
  await clock.pass(1);
  expect(routers()).toMatchObject([{ tombstone: ["MiddlewareNotFound"] }]);
});

test("a rule whose reference comes in time is never a tombstone", async () => {
  const { store, clock, publisher, runs, routers } = await started();
  const tombstones: unknown[] = [];
  publisher.subscribe("fairway", () => tombstones.push(...routers().filter((router) => router.tombstone !== null)));
  await clock.pass(10);
  store.apply(route("x", ["late"]));
  await clock.pass(1_000);
  expect(runs.at(-1)?.problems).toMatchObject([{ code: "MiddlewareNotFound" }, { code: "NoEndpoints" }]);
  store.apply(storedObject("Middleware", "one", "late", { spec: { addPrefix: { prefix: "/x" } } }));
  await clock.pass(5_000);
  expect(routers()).toMatchObject([{ tombstone: null, middlewares: ["middleware:Middleware/one/late/"] }]);
  expect(tombstones).toEqual([]);
  expect(runs.at(-1)?.problems).toMatchObject([{ code: "NoEndpoints" }]);
});

test("after stop it follows no more", async () => {
  const { store, clock, runs, reconciler } = await started();
  await clock.pass(10);
  await reconciler.stop();
  store.apply(route("y"));
  await clock.pass(100);
  expect(runs).toHaveLength(1);
});

/** Fails to publish as often as it is told to. */
class FailingPublisher extends Publisher {
  failures = 0;

  override async publishInSteps(changes: Parameters<Publisher["publishInSteps"]>[0]): ReturnType<Publisher["publishInSteps"]> {
    if (this.failures === 0) return super.publishInSteps(changes);
    this.failures--;
    throw new Error("out of order");
  }
}

test("a run that fails is tried again over everything, later each time, with what has changed by then", async () => {
  const publisher = new FailingPublisher();
  const { store, clock, runs, failures, routers } = await started(publisher);
  await clock.pass(10);
  publisher.failures = 3;
  store.apply(route("y"));
  store.remove({ kind: "IngressRoute", namespace: "one", name: "x" });
  await settle();
  expect(failures).toMatchObject([{ error: new Error("out of order") }]);
  expect(routers().map((router) => router.ruleText)).toEqual(["Host(`x.com`)"]);
  store.apply(route("z"));
  await clock.pass(499);
  expect(failures).toHaveLength(1);
  await clock.pass(10_000);
  expect(failures).toHaveLength(3);
  expect(
    routers()
      .map((router) => router.ruleText)
      .sort(),
  ).toEqual(["Host(`y.com`)", "Host(`z.com`)"]);
  expect(runs).toHaveLength(2);
  for (const [index, { retryMs }] of failures.entries()) {
    expect(retryMs).toBeGreaterThanOrEqual(500 * 2 ** index);
    expect(retryMs).toBeLessThanOrEqual(1_000 * 2 ** index);
  }
});

test("after a run that failed and was mended, changes are published without any wait again", async () => {
  const publisher = new FailingPublisher();
  const { store, clock, failures, routers } = await started(publisher);
  await clock.pass(10);
  publisher.failures = 1;
  store.apply(route("y"));
  await clock.pass(2_000);
  store.apply(route("z"));
  await settle();
  expect(routers()).toHaveLength(3);
  publisher.failures = 1;
  await clock.pass(10);
  store.apply(route("x", ["gone"]));
  await settle();
  expect(failures[1]?.retryMs).toBeLessThanOrEqual(1_000);
});

test("stop ends the wait for another try", async () => {
  const publisher = new FailingPublisher();
  const { store, clock, failures, reconciler } = await started(publisher);
  await clock.pass(10);
  publisher.failures = 9;
  store.apply(route("y"));
  await settle();
  await reconciler.stop();
  await clock.pass(60_000);
  expect(failures).toHaveLength(1);
});
