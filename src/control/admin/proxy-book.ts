import type { ProxyAnswer } from "../../channel/proxy-stream.ts";

/** Published versions of a class that are remembered; a proxy that runs an older one is merely behind. */
const VERSIONS_MAX = 100;

/** A version that came out. */
interface Published {
  readonly version: string;
  /** Counts up with every version of the class, from 1. */
  readonly number: number;
  /** When the first change in it came; null once every proxy runs it, and where there was none to await. */
  awaitedSinceMs: number | null;
}

interface ClassPage {
  count: number;
  /** Newest last. */
  versions: Published[];
  /** The number of the version each connected proxy runs; 0 for one that is not remembered. */
  readonly proxies: Map<string, number>;
}

/** How many proxies of a class are connected, and how many of them run an older version than the newest. */
export interface ProxyCount {
  readonly class: string;
  readonly connected: number;
  readonly behind: number;
}

/** Joins what is published with what proxies answer: who lags behind, and how long a change takes until the last proxy runs it. */
export class ProxyBook {
  readonly #onEverywhere: (className: string, sinceMs: number) => void;
  readonly #classes = new Map<string, ClassPage>();

  /** `onEverywhere` is called when the last of the proxies has come to run a version; `sinceMs` is what it was published with. */
  constructor(onEverywhere: (className: string, sinceMs: number) => void) {
    this.#onEverywhere = onEverywhere;
  }

  /** A version came out. `sinceMs`: when the first change in it came, on the monotonic clock. */
  published(className: string, version: string, sinceMs: number): void {
    const page = this.#page(className);
    page.count += 1;
    page.versions.push({ version, number: page.count, awaitedSinceMs: page.proxies.size === 0 ? null : sinceMs });
    if (page.versions.length > VERSIONS_MAX) page.versions.shift();
  }

  /** A proxy said what it runs. One that refused a version as a whole stays where it was. */
  answered({ proxyId, class: className, version, whole }: ProxyAnswer): void {
    const page = this.#page(className);
    const former = page.proxies.get(proxyId) ?? 0;
    const found = page.versions.findLast((one) => one.version === version)?.number ?? 0;
    page.proxies.set(proxyId, whole === null ? found : former);
    this.#settle(className, page);
  }

  /** A proxy left: nobody waits for it any longer. */
  gone(proxyId: string, className: string): void {
    const page = this.#page(className);
    page.proxies.delete(proxyId);
    this.#settle(className, page);
  }

  counts(): readonly ProxyCount[] {
    return [...this.#classes].map(([className, { count, proxies }]) => {
      const behind = [...proxies.values()].filter((number) => number < count).length;
      return { class: className, connected: proxies.size, behind };
    });
  }

  #settle(className: string, { versions, proxies }: ClassPage): void {
    const slowest = Math.min(...proxies.values());
    for (const one of versions) {
      if (one.awaitedSinceMs === null || one.number > slowest) continue;
      if (proxies.size > 0) this.#onEverywhere(className, one.awaitedSinceMs);
      one.awaitedSinceMs = null;
    }
  }

  #page(className: string): ClassPage {
    let page = this.#classes.get(className);
    if (page === undefined) {
      page = { count: 0, versions: [], proxies: new Map() };
      this.#classes.set(className, page);
    }
    return page;
  }
}
