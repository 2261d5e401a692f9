import type { Server } from "../../src/model/service.ts";
import { ANY, entryPoint, type ProxyOptions, route, TestProxy } from "../scenario/http1/harness.ts";
import { type OtherProxyName, startProxy } from "./proxies.ts";

/** Proxies one behind the other, in front of a server of this machine. */
export interface Chain {
  /** Of the first. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a chain; the first of `names` is what clients connect to. With no names at all that is the server itself. */
export async function startChain(
  names: readonly ("fairway" | OtherProxyName)[],
  upstreamPort: number,
  options: ProxyOptions = {},
): Promise<Chain> {
  const stops: (() => Promise<void>)[] = [];
  let port = upstreamPort;
  for (const name of [...names].reverse()) {
    const link = name === "fairway" ? await startOurs({ address: "127.0.0.1", port }, options) : await startProxy(name, port);
    stops.unshift(() => link.stop());
    port = link.port;
  }
  return {
    port,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

async function startOurs(server: Server, options: ProxyOptions): Promise<Chain> {
  const proxy = await TestProxy.start(options, [entryPoint("web"), ...route("app", ANY, [server])]);
  return { port: proxy.port(), stop: () => proxy.close() };
}
