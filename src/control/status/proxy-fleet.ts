import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import type { ResourceId } from "../../model/ids.ts";

/** Most versions of the past that are remembered: a proxy further behind counts as running nothing. */
export const VERSIONS_MAX = 256;

/** How many proxies count, and how many of them run what was published by a run or after it. */
export interface Standing {
  readonly proxies: number;
  readonly running: number;
}

interface Proxy {
  /** The version it runs; null while nobody knows. */
  version: string | null;
  /** What it cannot build of that version. */
  refused: ReadonlyMap<ResourceId, string>;
  /** Why it could not apply the newest configuration; "" when it could. */
  said: string;
}

/**
 * The proxies of one class: which version each runs, and so which runs of the compiler it covers.
 *
 * A version covers all runs up to the last one in which it was current: what an object had become by run n is in every version
 * that is current in n or later. Memory is bounded by the number of proxies and `VERSIONS_MAX`.
 */
export class ProxyFleet {
  readonly #proxies = new Map<string, Proxy>();
  /** The last run of each version that is no longer current, oldest first. */
  readonly #past = new Map<string, number>();
  #current: string | null = null;
  /** Proxies that serve; null where nobody says so, and all that are connected count. */
  #serving: ReadonlySet<string> | null = null;

  /** Number of connected proxies. */
  get connected(): number {
    return this.#proxies.size;
  }

  /** A version has become current in a run. */
  publish(version: string, sequence: number): void {
    if (this.#current === version) return;
    if (this.#current !== null) this.#past.set(this.#current, sequence - 1);
    this.#past.delete(version);
    this.#current = version;
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= VERSIONS_MAX) break;
      this.#past.delete(oldest);
    }
  }

  /** Takes what a proxy answered; the resources it has begun to refuse, or no longer refuses. */
  answer({
    proxyId,
    version,
    refused,
    whole,
  }: Pick<ProxyAnswer, "proxyId" | "version" | "refused" | "whole">): Iterable<ResourceId> {
    const former = this.#proxies.get(proxyId);
    const proxy: Proxy =
      whole === null
        ? { version, refused: new Map(refused.map(({ id, reason }) => [id, reason])), said: "" }
        : { version: null, refused: new Map(), said: `${proxyId} could not apply it: ${whole}` };
    this.#proxies.set(proxyId, proxy);
    return differing(former?.refused ?? NOTHING, proxy.refused);
  }

  /** A proxy has left; the resources it refused. */
  gone(proxyId: string): Iterable<ResourceId> {
    const former = this.#proxies.get(proxyId);
    this.#proxies.delete(proxyId);
    return (former?.refused ?? NOTHING).keys();
  }

  /** Says which proxies serve, by name; null: all that are connected. */
  setServing(serving: ReadonlySet<string> | null): void {
    this.#serving = serving;
  }

  /** How far the proxies that count have come. */
  standing(sequence: number): Standing {
    let running = 0;
    for (const id of this.#counted()) if (this.#covers(id) >= sequence) running += 1;
    return { proxies: this.#serving?.size ?? this.#proxies.size, running };
  }

  /** Connected proxies that run what was published by a run, whether they serve or not. */
  connectedRunning(sequence: number): number {
    let running = 0;
    for (const id of this.#proxies.keys()) if (this.#covers(id) >= sequence) running += 1;
    return running;
  }

  /** The last run that every proxy that counts covers; -1 when none counts. */
  coveredByAll(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const id of this.#counted()) lowest = Math.min(lowest, this.#covers(id));
    return lowest === Number.POSITIVE_INFINITY && (this.#serving?.size ?? this.#proxies.size) === 0 ? -1 : lowest;
  }

  /** Proxies that refuse one of these resources in a version that covers a run, and the first refusal by id. */
  refusals(
    ids: ReadonlySet<ResourceId>,
    sequence: number,
  ): { readonly id: ResourceId; readonly reason: string; readonly refusing: number } | null {
    let first: { id: ResourceId; reason: string } | null = null;
    let refusing = 0;
    for (const [name, proxy] of this.#proxies) {
      if (proxy.refused.size === 0 || this.#covers(name) < sequence) continue;
      const own = [...proxy.refused].filter(([id]) => ids.has(id));
      if (own.length > 0) refusing += 1;
      for (const [id, reason] of own) if (first === null || id < first.id) first = { id, reason };
    }
    return first === null ? null : { ...first, refusing };
  }

  /** Everything that any connected proxy refuses now. */
  refusedIds(): ReadonlySet<ResourceId> {
    const ids = new Set<ResourceId>();
    for (const { refused } of this.#proxies.values()) for (const id of refused.keys()) ids.add(id);
    return ids;
  }

  /** The words of a proxy that could not apply the newest configuration; "" when there is none. */
  said(): string {
    for (const id of this.#counted()) {
      const said = this.#proxies.get(id)?.said ?? "";
      if (said !== "") return said;
    }
    return "";
  }

  #counted(): Iterable<string> {
    return this.#serving ?? this.#proxies.keys();
  }

  /** The last run a proxy covers; -1 when nobody knows what it runs. */
  #covers(proxyId: string): number {
    const version = this.#proxies.get(proxyId)?.version ?? null;
    if (version === null) return -1;
    return version === this.#current ? Number.POSITIVE_INFINITY : (this.#past.get(version) ?? -1);
  }
}

const NOTHING: ReadonlyMap<ResourceId, string> = new Map();

function differing(a: ReadonlyMap<ResourceId, string>, b: ReadonlyMap<ResourceId, string>): readonly ResourceId[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((id) => a.get(id) !== b.get(id));
}
