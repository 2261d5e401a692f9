import { afterEach } from "vitest";
import type { EntryPoint, EntryPointPolicy } from "../../../src/model/entry-point.ts";
import type { Resource } from "../../../src/model/resource.ts";
import type { ReadMode } from "../../../src/proxy/listen/byte-socket.ts";
import { ANY, entryPoint, type ProxyOptions, type RouteRest, route, TestProxy, type Upstream } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

/** Both ways of reading accepted sockets: what Node does not document, and what takes its place. */
export const READ_MODES: readonly ReadMode[] = ["shared", "fresh"];

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Calls `cleanup` when the test is over. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export interface SetUp extends ProxyOptions, RouteRest {
  readonly trustedProxies?: readonly string[];
  readonly policy?: EntryPointPolicy;
  /** What else is to be said of the entry point. */
  readonly entryPoint?: Partial<EntryPoint>;
  readonly more?: readonly Resource[];
}

/** A proxy that sends everything to these upstreams, until the test is over. */
export async function proxyFor(upstreams: readonly Upstream[], setUp: SetUp = {}): Promise<TestProxy> {
  const { trustedProxies = [], policy = {} } = setUp;
  const web = entryPoint("web", { trustedProxies, policy, ...setUp.entryPoint });
  const servers = upstreams.map(({ server }) => server);
  const resources = [web, ...route("app", ANY, servers, setUp), ...(setUp.more ?? [])];
  const proxy = await TestProxy.start(setUp, resources);
  afterTest(() => proxy.close());
  for (const upstream of upstreams) afterTest(() => upstream.close());
  return proxy;
}

export async function clientOf(proxy: TestProxy): Promise<RawClient> {
  const client = await RawClient.connect(proxy.port());
  afterTest(() => client.close());
  return client;
}

/** Waits until something holds, for what no client sees. */
export async function eventually(holds: () => boolean, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
