import { afterEach, beforeEach, expect, test } from "vitest";
import { type ApiRequest, ApiUnreachable, type KubernetesApi, type WatchOptions } from "../../../src/control/api/api.ts";
import type { HeldTerm } from "../../../src/control/leader/held-term.ts";
import { LeaderElection } from "../../../src/control/leader/leader-election.ts";
import { leaseTiming } from "../../../src/control/leader/lease-timing.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor } from "../../../src/proxy/supervisor/supervisor.ts";
import { TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { ask, Load } from "../dev/ask.ts";
import { Upstream } from "../dev/manifests.ts";
import { freePort, RoutedWorld } from "./routed-world.ts";
import { SecureWorld } from "./secure-world.ts";
import { QUICK, until } from "./world.ts";

const LEASE = leaseTiming(3_000);

const cleanups: (() => unknown)[] = [];
let world: RoutedWorld;
let secure: SecureWorld;
let web: number;
let upstream: Upstream;

beforeEach(async () => {
  web = await freePort();
  world = new RoutedWorld(web);
  secure = new SecureWorld(world);
  secure.tokens.set("good", {});
  upstream = await Upstream.start("app");
  cleanups.push(
    () => secure.stop(),
    () => upstream.close(),
  );
  publish("app");
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function publish(...names: readonly string[]): void {
  const app = { endpointPort: upstream.port, clusterPort: null };
  world.route(Object.fromEntries(names.map((name) => [name, app])));
}

/** The API server as one replica sees it, until it is cut off. */
class CutOffApi implements KubernetesApi {
  isCutOff = false;

  request<T>(request: ApiRequest): Promise<T> {
    return this.isCutOff ? Promise.reject(new ApiUnreachable("cut off")) : secure.api.request<T>(request);
  }

  watch(path: string, options: WatchOptions) {
    if (this.isCutOff) throw new ApiUnreachable("cut off");
    return secure.api.watch(path, options);
  }
}

/** An operator that takes part in the election, put together as on a cluster. */
async function replica(name: string) {
  const api = new CutOffApi();
  const { server, url, address, answers } = await secure.operator({ waits: true });
  const terms: HeldTerm[] = [];
  const told: string[] = [];
  const election = new LeaderElection({
    api,
    namespace: "fairway-system",
    name: "fairway-operator",
    identity: name,
    url: address,
    timing: LEASE,
    onAcquired: async (term) => {
      terms.push(term);
      server.take();
      server.serve(term);
    },
    onLost: (reason) => {
      told.push(reason);
      server.standAside("");
    },
    onHolder: (holder) => server.standAside(holder?.url ?? ""),
  });
  election.start();
  cleanups.push(() => election.stop());
  return { name, api, server, url, answers, terms, told, election };
}

async function proxy(url: string) {
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    operatorUrl: url,
    credentials: secure.files("proxy-0", secure.bundle, "good"),
    className: "",
    proxyId: "proxy-0",
    workers: 1,
    stateDirectory: null,
    stateKeyFile: null,
    admin: null,
    drain: TERMINAL_DRAIN,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    channelTiming: QUICK,
  });
  cleanups.push(() => supervisor.stop());
  await supervisor.start();
  const count = (name: SupervisorEvent["event"]): number => events.filter(({ event }) => event === name).length;
  await until("it is live", () => count("live") === 1);
  return { count };
}

async function servedBy(name: string): Promise<boolean> {
  return (await ask(web, { host: `${name}.test` })).status === 200;
}

test("a holder that stops hands over: its proxies go where it sends them, hear what is new there, and no request is lost", async () => {
  const first = await replica("first");
  await until("it holds the Lease", () => first.terms.length === 1);
  const second = await replica("second");
  const { count } = await proxy(second.url);
  const load = new Load(web, "app.test", 4);

  const successor = await first.election.stop();
  expect(successor?.identity).toBe("second");
  await first.server.close(successor?.url);
  await until("the proxy is there", () => second.server.proxies === 1);
  publish("app", "more");
  await until("the change is live", () => count("live") === 2);
  expect(await servedBy("more")).toBe(true);
  expect(count("operatorLost"), "being sent on is no loss").toBe(0);
  expect([...(await load.stop()).keys()]).toEqual(["200 app"]);
  expect(second.answers[0], "what the proxy held was not sent again").toMatchObject({ resumed: true });
});

test("a holder that is cut off stops publishing before another begins, which the proxy finds by itself", async () => {
  const first = await replica("first");
  await until("it holds the Lease", () => first.terms.length === 1);
  const second = await replica("second");
  const { count } = await proxy(second.url);
  const load = new Load(web, "app.test", 4);

  first.api.isCutOff = true;
  await until("the first has stopped", () => first.told.length === 1);
  expect(second.terms, "and nobody has begun").toEqual([]);
  await until("the second has begun", () => second.terms.length === 1);
  expect(second.terms[0]?.number).toBe(2n);
  await until("the proxy is there", () => second.server.proxies === 1);
  publish("app", "more");
  await until("the change is live", () => count("live") === 2);
  expect(await servedBy("more")).toBe(true);
  expect([...(await load.stop()).keys()]).toEqual(["200 app"]);
});
