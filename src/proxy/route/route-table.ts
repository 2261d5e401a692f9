import { compareRanks } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import { finishHash, HASH_START, hashKey, hashText } from "../build/segment-format.ts";
import type { SegmentEntry, SegmentReader } from "../worker/segment-reader.ts";
import {
  ANY_HOST,
  decodeHostContent,
  decodeMembers,
  exactHead,
  HOST_HEAD,
  type HostContent,
  type Member,
  prefixHead,
  ROOT_LAYER,
  restKey,
} from "./index-keys.ts";

/** What a router needs to be found. */
export interface Candidate {
  readonly data: Router;
  /** Bits of the entry points that serve it. */
  readonly mask: number;
  /** What is left of its rule once host and path fit; null when nothing is. */
  readonly matches: ((facts: RequestFacts) => boolean) | null;
}

/** What is made of an entry of the index. */
export type MadeOfIndex<C extends Candidate> = HostPaths | Bucket<C>;

/** The paths of one host key, with everything about keys and hashes that does not depend on the request. */
interface HostPaths extends HostContent {
  readonly exactHead: Uint8Array;
  readonly exactState: number;
  readonly prefixHead: Uint8Array;
  readonly prefixState: number;
  readonly restKey: string;
  readonly restHash: number;
}

/** Routers of one place, best first; each is made when a lookup first looks at it. */
interface Bucket<C extends Candidate> {
  readonly members: readonly Member[];
  readonly candidates: (C | null)[];
}

/** Routers that are chosen among: everything about their keys and hashes that does not depend on the request. */
export interface Layer {
  readonly name: string;
  readonly hostHead: Uint8Array;
  readonly hostState: number;
  readonly wildcardHead: Uint8Array;
  readonly wildcardState: number;
  readonly anyHash: number;
}

/** The layer of a name. */
export function makeLayer(name: string): Layer {
  const hostHead = HOST_HEAD + name;
  const wildcardHead = `${hostHead}*`;
  return {
    name,
    hostHead: Buffer.from(hostHead, "latin1"),
    hostState: hashText(HASH_START, hostHead, 0, hostHead.length),
    wildcardHead: Buffer.from(wildcardHead, "latin1"),
    wildcardState: hashText(HASH_START, wildcardHead, 0, wildcardHead.length),
    anyHash: hashKey(hostHead + ANY_HOST),
  };
}

const NO_HEAD = new Uint8Array(0);
/** Most hosts remembered between requests, layer by layer: clients may ask for as many as they like. */
const KNOWN_HOSTS_MAX = 10_000;

/** What is served on entry points. */
export const ROOTS: Layer = makeLayer(ROOT_LAYER);

/**
 * Finds the router of a request: the best by rank of those under the host itself, its wildcard, and any host; under each, of those
 * under the path itself, each of its prefixes that are in use, and the rest. The cost does not grow with the number of routers, but
 * for those whose rules pin down neither path nor prefix.
 */
export class RouteTable<C extends Candidate> {
  readonly #index: SegmentReader<MadeOfIndex<C>>;
  readonly #candidate: (member: Member) => C;
  /** What hosts were found to fall under, by layer and host: true in one generation of the index. */
  readonly #known = new Map<Layer, Map<string, readonly HostPaths[]>>();
  #knownCount = 0;
  #knownIn = 0;

  constructor(index: SegmentReader<MadeOfIndex<C>>, candidate: (member: Member) => C) {
    this.#index = index;
    this.#candidate = candidate;
  }

  /** Allocates: nothing once the buckets it looks at were made, for a host that was asked for before. */
  find(layer: Layer, entryPointBit: number, facts: RequestFacts): C | null {
    const { host, path } = facts;
    let best: C | null = null;
    for (const paths of this.#pathsUnder(layer, host)) best = this.#findUnder(paths, entryPointBit, facts, path, best);
    return best;
  }

  /** The paths under the host itself, its wildcard, and any host, as far as there are such. */
  #pathsUnder(layer: Layer, host: string): readonly HostPaths[] {
    if (this.#knownIn !== this.#index.generation || this.#knownCount >= KNOWN_HOSTS_MAX) {
      this.#known.clear();
      this.#knownCount = 0;
      this.#knownIn = this.#index.generation;
    }
    let hosts = this.#known.get(layer);
    if (hosts === undefined) {
      hosts = new Map();
      this.#known.set(layer, hosts);
    }
    let found = hosts.get(host);
    if (found === undefined) {
      found = this.#findHost(layer, host);
      hosts.set(host, found);
      this.#knownCount++;
    }
    return found;
  }

  #findHost({ name, hostHead, hostState, wildcardHead, wildcardState, anyHash }: Layer, host: string): HostPaths[] {
    const found: HostPaths[] = [];
    const exact = this.#index.findJoined(finishHash(hashText(hostState, host, 0, host.length)), hostHead, host, host.length);
    if (exact !== null) found.push(this.#paths(exact, name, host));
    const dot = host.indexOf(".");
    if (dot > 0) {
      const suffix = host.slice(dot);
      const hash = finishHash(hashText(wildcardState, suffix, 0, suffix.length));
      const wildcard = this.#index.findJoined(hash, wildcardHead, suffix, suffix.length);
      if (wildcard !== null) found.push(this.#paths(wildcard, `${name}*`, suffix));
    }
    const any = this.#index.findJoined(anyHash, hostHead, ANY_HOST, ANY_HOST.length);
    if (any !== null) found.push(this.#paths(any, name, ANY_HOST));
    return found;
  }

  /** One walk over the path gives the hashes of all its prefixes. */
  #findUnder(paths: HostPaths, entryPointBit: number, facts: RequestFacts, path: string, before: C | null): C | null {
    let best = before;
    if (paths.hasExact) {
      const hash = finishHash(hashText(paths.exactState, path, 0, path.length));
      best = this.#scan(this.#index.findJoined(hash, paths.exactHead, path, path.length), entryPointBit, facts, best);
    }
    let state = paths.prefixState;
    let hashed = 0;
    for (const length of paths.prefixLengths) {
      if (length > path.length) break;
      state = hashText(state, path, hashed, length);
      hashed = length;
      best = this.#scan(this.#index.findJoined(finishHash(state), paths.prefixHead, path, length), entryPointBit, facts, best);
    }
    if (!paths.hasRest) return best;
    return this.#scan(
      this.#index.findJoined(paths.restHash, NO_HEAD, paths.restKey, paths.restKey.length),
      entryPointBit,
      facts,
      best,
    );
  }

  /** The better of `best` and the first router of a bucket that serves the request. */
  #scan(entry: SegmentEntry<MadeOfIndex<C>> | null, entryPointBit: number, facts: RequestFacts, best: C | null): C | null {
    if (entry === null) return best;
    const { members, candidates } = this.#bucket(entry);
    for (let i = 0; i < candidates.length; i++) {
      let candidate = candidates[i] as C | null;
      if (candidate === null) {
        candidate = this.#candidate(members[i] as Member);
        candidates[i] = candidate;
      }
      if (best !== null && compareRanks(best.data.rank, candidate.data.rank) <= 0) return best;
      if ((candidate.mask & entryPointBit) === 0) continue;
      if (candidate.matches === null || candidate.matches(facts)) return candidate;
    }
    return best;
  }

  /** The host key is `head` and `tail` joined. */
  #paths(entry: SegmentEntry<MadeOfIndex<C>>, head: string, tail: string): HostPaths {
    if (entry.made === null) entry.made = makePaths(entry, head + tail);
    return entry.made as HostPaths;
  }

  #bucket(entry: SegmentEntry<MadeOfIndex<C>>): Bucket<C> {
    if (entry.made === null) {
      const members = decodeMembers(entry.bytes, entry.valueStart, entry.valueEnd);
      entry.made = { members, candidates: new Array(members.length).fill(null) };
    }
    return entry.made as Bucket<C>;
  }
}

function makePaths(entry: SegmentEntry<unknown>, host: string): HostPaths {
  const exact = exactHead(host);
  const prefix = prefixHead(host);
  const rest = restKey(host);
  return {
    ...decodeHostContent(entry.bytes, entry.valueStart, entry.valueEnd),
    exactHead: Buffer.from(exact, "latin1"),
    exactState: hashText(HASH_START, exact, 0, exact.length),
    prefixHead: Buffer.from(prefix, "latin1"),
    prefixState: hashText(HASH_START, prefix, 0, prefix.length),
    restKey: rest,
    restHash: hashKey(rest),
  };
}
