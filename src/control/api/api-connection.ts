import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import type { Clock } from "../../kernel/clock.ts";
import { type ApiAccess, accessOf } from "./kube-config.ts";

/** How long credentials are believed before the kubeconfig, its files and plugins are asked again. */
const ACCESS_LIFE_MS = 10_000;

const CONNECT_TIMEOUT_MS = 10_000;
/** Idle connections are kept for less than the API server keeps them. */
const IDLE_MS = 30_000;
/** TCP probes on a silent connection, so that devices in between do not forget it. */
const TCP_PROBE_AFTER_MS = 30_000;

/** Where and as whom to send a request, as of now. */
export interface ApiRoute {
  readonly access: ApiAccess;
  /** For what is answered at once. */
  readonly requests: Dispatcher;
  /**
   * For what stays open. It has connections of its own, so that those of requests go on idling: when the way to the server dies, the next
   * request finds out on one of them, where a new connection would come through and hide that the watches hear nothing any more.
   */
  readonly watches: Dispatcher;
}

/** Connections to the API server that follow its kubeconfig: tokens, client certificates and authorities may change at any time. */
export class ApiConnection {
  readonly #load: () => Promise<KubeConfig>;
  readonly #clock: Clock;
  /** Those in use, and those on which something is still under way. */
  readonly #dispatchers = new Set<Dispatcher>();
  #config: KubeConfig;
  #route: ApiRoute | null = null;
  #readAtMs = 0;

  constructor(config: KubeConfig, load: () => Promise<KubeConfig>, clock: Clock) {
    this.#config = config;
    this.#load = load;
    this.#clock = clock;
  }

  /** Rejects when the credentials cannot be had. */
  async route(): Promise<ApiRoute> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#route !== null && nowMs - this.#readAtMs < ACCESS_LIFE_MS) return this.#route;
    const access = await accessOf(this.#config);
    this.#readAtMs = nowMs;
    this.#route = this.#routeFor(access);
    return this.#route;
  }

  /** The server refused what we have: next time everything is read anew, the kubeconfig itself included. */
  async renew(): Promise<void> {
    this.#config = await this.#load();
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }

  /** A request got no answer: what idles may be as dead as its connection was, so that the next request gets a new one. */
  distrust(): void {
    this.#retire();
    this.#route = null;
  }

  /** Breaks off everything under way. */
  async close(): Promise<void> {
    this.#route = null;
    await Promise.all([...this.#dispatchers].map((dispatcher) => dispatcher.destroy()));
  }

  #routeFor(access: ApiAccess): ApiRoute {
    const former = this.#route;
    if (former !== null && sameWay(former.access, access)) return { ...former, access };
    this.#retire();
    const route = { access, requests: dispatcherFor(access), watches: dispatcherFor(access) };
    this.#dispatchers.add(route.requests).add(route.watches);
    return route;
  }

  /** Exchanges under way end as they began; then their connections close. */
  #retire(): void {
    if (this.#route === null) return;
    for (const dispatcher of [this.#route.requests, this.#route.watches]) {
      const forget = (): void => void this.#dispatchers.delete(dispatcher);
      dispatcher.close().then(forget, forget);
    }
  }
}

function sameWay(a: ApiAccess, b: ApiAccess): boolean {
  const way = ({ origin, tls, proxyUrl }: ApiAccess): string => JSON.stringify([origin, tls, proxyUrl]);
  return way(a) === way(b);
}

/** HTTP/1.1, a connection for each watch: in one HTTP/2 connection a watch that nobody reads would hold up the others. */
function dispatcherFor({ tls, proxyUrl }: ApiAccess): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: TCP_PROBE_AFTER_MS };
  // Deadlines are the client's own: a watch may well say nothing for a minute.
  const common = { allowH2: false, keepAliveTimeout: IDLE_MS, headersTimeout: 0, bodyTimeout: 0 };
  if (proxyUrl !== null) return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: tls, connect });
  return new Agent({ ...common, connect: { ...connect, ...tls } });
}
