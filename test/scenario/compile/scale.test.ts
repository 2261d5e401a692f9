import { expect, test } from "vitest";
import { Compiler } from "../../../src/control/graph/compiler.ts";
import { Publisher } from "../../../src/control/publish/publisher.ts";
import { ObjectStore } from "../../../src/control/store/object-store.ts";
import { storedObject } from "../../compile/world-edits.ts";
import { cpuMs } from "../../cpu-time.ts";
import { DEV_SETTINGS } from "../../golden/world.ts";

const ROUTES = 10_000;
const SERVICES = 1_000;
const CHANGES = 51;

const service = (index: number) =>
  storedObject("Service", "one", `s${index}`, { spec: { clusterIP: "10.0.0.1", ports: [{ name: "http", port: 80 }] } });
const slice = (index: number, address: string) =>
  storedObject(
    "EndpointSlice",
    "one",
    `s${index}-1`,
    { addressType: "IPv4", ports: [{ name: "http", port: 8080 }], endpoints: [{ addresses: [address] }] },
    { labels: { "kubernetes.io/service-name": `s${index}` } },
  );
const strip = (prefix: string) => storedObject("Middleware", "one", "strip", { spec: { stripPrefix: { prefixes: [prefix] } } });
const route = (index: number, path: string) => {
  const match = `Host(\`h${index}.example.com\`) && PathPrefix(\`${path}\`)`;
  const rule = { match, middlewares: [{ name: "strip" }], services: [{ name: `s${index % SERVICES}`, port: 80 }] };
  return storedObject("IngressRoute", "one", `r${index}`, { spec: { routes: [rule] } });
};

/** Budgets are the bench's (`npm run bench -- compile`): machines differ, so here one cost is held against another of the same run. */
function plainWorld(): { readonly store: ObjectStore; readonly compiler: Compiler } {
  const store = new ObjectStore();
  for (let index = 0; index < SERVICES; index++) {
    store.apply(service(index));
    store.apply(slice(index, "10.1.0.1"));
  }
  for (let index = 0; index < ROUTES; index++) store.apply(route(index, "/api"));
  store.apply(strip("/api"));
  store.takeChanges();
  return { store, compiler: new Compiler(DEV_SETTINGS) };
}

let plainMs = 0;
/** CPU time of a full compile of 10,000 plain routes here and now, in ms. */
function plainCompileMs(): number {
  if (plainMs > 0) return plainMs;
  const { store, compiler } = plainWorld();
  const startMs = cpuMs();
  compiler.update(store, "all");
  plainMs = cpuMs() - startMs;
  return plainMs;
}

test("a change among 10,000 routes costs what it touches, not what there is", () => {
  const { store, compiler } = plainWorld();
  const publisher = new Publisher();
  const startMs = cpuMs();
  const [first] = publisher.publish(compiler.update(store, "all").changes);
  const fullMs = cpuMs() - startMs;
  expect(first?.upserts.length).toBe(ROUTES + 2 * SERVICES + 1 + DEV_SETTINGS.entryPoints.length);

  /** What a change costs on average, and how many resources go out for each. A single one is too short to be measured by itself. */
  const mean = (change: (turn: number) => void): { readonly ms: number; readonly upserts: readonly number[] } => {
    const upserts = new Set<number>();
    const beginMs = cpuMs();
    for (let turn = 1; turn <= CHANGES; turn++) {
      change(turn);
      const [delta] = publisher.publish(compiler.update(store, store.takeChanges()).changes);
      upserts.add(delta?.upserts.length ?? 0);
    }
    return { ms: (cpuMs() - beginMs) / CHANGES, upserts: [...upserts] };
  };
  const onRoute = mean((turn) => store.apply(route(turn, `/v${turn}`)));
  const onEndpoint = mean((turn) => store.apply(slice(turn, `10.2.0.${turn}`)));
  const onMiddleware = mean((turn) => store.apply(strip(`/v${turn}`)));
  expect([onRoute.upserts, onEndpoint.upserts, onMiddleware.upserts]).toEqual([[1], [1], [1]]);
  expect(onRoute.ms).toBeLessThan(fullMs / 400);
  expect(onEndpoint.ms).toBeLessThan(fullMs / 1_000);
  expect(onMiddleware.ms).toBeLessThan(fullMs / 1_000);
});

test.for<readonly [string, (index: number, turn: number) => string]>([
  ["10,000 paths on one host", (index, turn) => `Host(\`h.example.com\`) && PathPrefix(\`/v${turn}/p${index}\`)`],
  [
    "10,000 rules at one place",
    (index, turn) => `Host(\`h.example.com\`) && Path(\`/x\`) && Header(\`x\`, \`${turn}-${index}\`)`,
  ],
  [
    "1,000 regular expressions beside 9,000 hosts",
    (index, turn) => (index < 1_000 ? `HostRegexp(\`^h${turn}-${index}\\.\`)` : `Host(\`h${turn}-${index}.example.com\`)`),
  ],
  [
    "paths nested 1,000 deep on ten hosts",
    (index) => `Host(\`h${index % 10}.example.com\`) && PathPrefix(\`/${"a/".repeat(index / 10)}\`)`,
  ],
  [
    "500 rules of 200 hosts each",
    (index, turn) => Array.from({ length: 200 }, (_, at) => `Host(\`h${(at + index) % 700}-${turn}.example.com\`)`).join(" || "),
  ],
])("%s are compiled and compared within bounds", ([shape, match]) => {
  const routes = shape.startsWith("500") ? 500 : ROUTES;
  const put = (index: number, turn: number) => {
    const rule = { match: match(index, turn), services: [{ name: "s0", port: 80 }] };
    return storedObject("IngressRoute", "one", `r${index}`, { spec: { routes: [rule] } });
  };
  const store = new ObjectStore();
  store.apply(service(0));
  store.apply(slice(0, "10.1.0.1"));
  for (let index = 0; index < routes; index++) store.apply(put(index, 0));
  store.takeChanges();
  const compiler = new Compiler(DEV_SETTINGS);
  const startMs = cpuMs();
  compiler.update(store, "all");
  const fullMs = cpuMs() - startMs;
  expect(fullMs).toBeLessThan(8 * plainCompileMs());
  const beginMs = cpuMs();
  for (let turn = 0; turn < 11; turn++) {
    store.apply(put(turn, turn + 1));
    compiler.update(store, store.takeChanges());
  }
  expect((cpuMs() - beginMs) / 11).toBeLessThan(plainCompileMs() / 10);
});
