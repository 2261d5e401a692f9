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
  readonly exactHead: string;
  readonly exactState: number;
  readonly prefixHead: string;
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
  readonly hostHead: string;
  readonly hostState: number;
  readonly wildcardHead: string;
  readonly wildcardState: number;
  readonly anyHash: number;
}

/** The layer of a name. */
export function makeLayer(name: string): Layer {
  const hostHead = HOST_HEAD + name;
  const wildcardHead = `${hostHead}*`;
  return {
    name,
    hostHead,
    hostState: hashText(HASH_START, hostHead, 0, hostHead.length),
    wildcardHead,
    wildcardState: hashText(HASH_START, wildcardHead, 0, wildcardHead.length),
    anyHash: hashKey(hostHead + ANY_HOST),
  };
}

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

  constructor(index: SegmentReader<MadeOfIndex<C>>, candidate: (member: Member) => C) {
    this.#index = index;
    this.#candidate = candidate;
  }

  /** Allocates: nothing once the buckets it looks at were made. */
  find(layer: Layer, entryPointBit: number, facts: RequestFacts): C | null {
    const { name, hostHead, wildcardHead } = layer;
    const { host, path } = facts;
    let best: C | null = null;
    const exact = this.#index.findJoined(
      finishHash(hashText(layer.hostState, host, 0, host.length)),
      hostHead,
      host,
      host.length,
    );
    if (exact !== null) best = this.#findUnder(this.#paths(exact, name, host), entryPointBit, facts, path, best);
    const dot = host.indexOf(".");
    if (dot > 0) {
      const suffix = host.slice(dot);
      const hash = finishHash(hashText(layer.wildcardState, suffix, 0, suffix.length));
      const wildcard = this.#index.findJoined(hash, wildcardHead, suffix, suffix.length);
      if (wildcard !== null) best = this.#findUnder(this.#paths(wildcard, `${name}*`, suffix), entryPointBit, facts, path, best);
    }
    const any = this.#index.findJoined(layer.anyHash, hostHead, ANY_HOST, ANY_HOST.length);
    return any === null ? best : this.#findUnder(this.#paths(any, name, ANY_HOST), entryPointBit, facts, path, best);
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
    return this.#scan(this.#index.findJoined(paths.restHash, paths.restKey, "", 0), entryPointBit, facts, best);
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
    exactHead: exact,
    exactState: hashText(HASH_START, exact, 0, exact.length),
    prefixHead: prefix,
    prefixState: hashText(HASH_START, prefix, 0, prefix.length),
    restKey: rest,
    restHash: hashKey(rest),
  };
}
