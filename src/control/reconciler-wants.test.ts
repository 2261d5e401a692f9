import { expect, test } from "vitest";
import { storedObject } from "../../test/compile/world-edits.ts";
import type { Clock } from "../kernel/clock.ts";
import { makeSelfSigned } from "../kernel/self-signed.ts";
import { resourceId } from "../model/ids.ts";
import { objectKey } from "../model/object-ref.ts";
import { Compiler } from "./graph/compiler.ts";
import { Publisher } from "./publish/publisher.ts";
import { type CompiledRun, Reconciler } from "./reconciler.ts";
import { ObjectStore } from "./store/object-store.ts";
import type { Want } from "./store/want.ts";
import { CONTROLLER_NAME } from "./translate/settings.ts";
import { TICKET_SECRET_NAME } from "./translate/tls-defaults.ts";

const nowMs = Date.now();
const pair = await makeSelfSigned({
  commonName: "a.com",
  names: ["a.com"],
  notBefore: new Date(nowMs - 60_000),
  notAfter: new Date(nowMs + 90 * 24 * 3_600_000),
});
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const tlsSecret = storedObject("Secret", "one", "tls", {
  type: "kubernetes.io/tls",
  data: { "tls.crt": base64(pair.chainPem), "tls.key": base64(pair.keyPem) },
});

/** An Ingress with TLS, and the Service it leads to. */
function ingress(name: string, secretName: string) {
  const backend = { service: { name: "a", port: { number: 80 } } };
  const rules = [{ host: `${name}.com`, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
  return storedObject("Ingress", "one", name, { spec: { rules, tls: [{ hosts: [`${name}.com`], secretName }] } });
}

/** A clock whose timers run when told to. */
class StillClock implements Clock {
  #timers = new Set<() => void>();
  now = () => nowMs;
  monotonicMs = () => 0;
  after(_: number, run: () => void): () => void {
    this.#timers.add(run);
    return () => this.#timers.delete(run);
  }
  runAll(): void {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const run of due) run();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A reconciler, and what it wanted; `coming` answers what is on its way. */
function reconciling(coming: (wants: readonly Want[], isFirst: boolean, store: ObjectStore) => Promise<void> | null) {
  const store = new ObjectStore();
  store.apply(storedObject("Service", "one", "a", { spec: { ports: [{ port: 80 }] } }));
  const clock = new StillClock();
  const publisher = new Publisher();
  const wants: string[] = [];
  const runs: CompiledRun[] = [];
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" });
  const reconciler = new Reconciler({
    store,
    compiler: new Compiler(
      {
        controllerName: CONTROLLER_NAME,
        classes: { select: "every", publishAs: "fairway" },
        entryPoints: [{ id, name: "web", host: "", port: 443, tls: true, trustedProxies: [] }],
        allowCrossNamespace: false,
        allowExternalName: false,
        allowLoopback: false,
        operatorNamespace: "fairway-system",
      },
      clock,
    ),
    publisher,
    clock,
    onWants: (all, isFirst) => {
      // What every compile asks for, whatever objects there are, is beside the point.
      const given = all.filter(({ ref }) => ref.name !== TICKET_SECRET_NAME);
      wants.push(...given.map(({ ref, isWanted }) => `${isWanted ? "+" : "-"}${objectKey(ref)}`));
      return coming(given, isFirst, store);
    },
    onCompiled: (run) => runs.push(run),
    onFailed: (error) => {
      throw error;
    },
  });
  const certificates = () =>
    [...(publisher.current("fairway")?.resources.keys() ?? [])].filter((key) => key.startsWith("certificate"));
  return { store, clock, publisher, reconciler, wants, runs, certificates };
}

test("the first publication waits for the Secrets that routes refer to, and has them", async () => {
  let fetched = (): void => {};
  const it = reconciling((wants, isFirst, store) => {
    if (wants.length === 0) return null;
    expect(isFirst).toBe(true);
    return new Promise((resolve) => {
      fetched = () => {
        store.apply(tlsSecret);
        resolve();
      };
    });
  });
  it.store.apply(ingress("a", "tls"));
  const started = it.reconciler.start();
  await settle();
  await settle();
  it.clock.runAll();
  await settle();
  expect(it.publisher.current("fairway")).toBeNull();
  fetched();
  const run = await started;
  expect(it.wants).toEqual(["+Secret/one/tls"]);
  expect(it.certificates()).toHaveLength(1);
  expect(run.problems.filter(({ object }) => object.kind === "Ingress")).toEqual([]);
  expect(it.runs).toHaveLength(1);
});

test("a later run waits a while, then goes on without", async () => {
  const it = reconciling((wants) => (wants.length === 0 ? null : new Promise(() => {})));
  await it.reconciler.start();
  it.clock.runAll();
  it.store.apply(ingress("a", "tls"));
  for (let turn = 0; turn < 5; turn++) await settle();
  expect(it.runs).toHaveLength(1);
  it.clock.runAll();
  await expect.poll(() => it.runs.length).toBe(2);
  expect(it.certificates()).toEqual([]);
  expect(it.runs[1]?.problems.length).toBeGreaterThan(0);
});

test("what nobody refers to any more is told, once the last reference has gone", async () => {
  const it = reconciling(() => null);
  it.store.apply(tlsSecret);
  it.store.apply(ingress("a", "tls"));
  it.store.apply(ingress("b", "tls"));
  await it.reconciler.start();
  it.clock.runAll();
  it.store.remove({ kind: "Ingress", namespace: "one", name: "a" });
  await expect.poll(() => it.runs.length).toBe(2);
  expect(it.wants).toEqual(["+Secret/one/tls"]);
  it.clock.runAll();
  it.store.remove({ kind: "Ingress", namespace: "one", name: "b" });
  await expect.poll(() => it.wants).toEqual(["+Secret/one/tls", "-Secret/one/tls"]);
});
