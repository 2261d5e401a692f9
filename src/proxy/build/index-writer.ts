import { assert } from "../../kernel/assert.ts";
import type { Certificate } from "../../model/certificate.ts";
import { compareRanks, type Rank } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import type { RuleKeys } from "../../rules/keys.ts";
import {
  bucketKey,
  encodeHostContent,
  encodeMembers,
  HOST_HEAD,
  layerUnder,
  type Member,
  type Place,
  placesOf,
  ROOT_LAYER,
  SERVER_NAME_HEAD,
  type TICKET_SECRET_KEY,
  type TLS_DEFAULTS_KEY,
  tlsHostKey,
} from "../route/index-keys.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** A resource as the index holds it. */
interface Indexed extends Member {
  /** Null for all but routers, which are ordered by id. */
  readonly rank: Rank | null;
  readonly places: readonly Place[];
  readonly bucketKeys: readonly string[];
}

/** How many places there are under a host key. */
interface HostCounts {
  exact: number;
  rest: number;
  readonly prefixes: Map<number, number>;
}

/**
 * The writing side of the route index: which routers may serve which hosts and paths, in the order of ranks, and which certificates
 * are for which server names. A change costs the buckets it touches, whatever the number of routers, hosts or paths.
 */
export class IndexWriter {
  readonly #table: SegmentWriter;
  readonly #indexed = new Map<string, Indexed>();
  readonly #buckets = new Map<string, Indexed[]>();
  readonly #hosts = new Map<string, HostCounts>();
  readonly #dirtyBuckets = new Set<string>();
  readonly #dirtyHosts = new Set<string>();

  constructor(table: SegmentWriter) {
    this.#table = table;
  }

  /** Adds or replaces a router. */
  setRouter(member: Member, { rank, parents }: Pick<Router, "rank" | "parents">, keys: RuleKeys): void {
    const places = placesOf(keys, parents === undefined ? [ROOT_LAYER] : parents.map(layerUnder));
    this.#set({ ...member, rank, places, bucketKeys: places.map(bucketKey) });
  }

  /** Adds or replaces a certificate. */
  setCertificate(member: Member, { names }: Certificate): void {
    this.#set({ ...member, rank: null, places: [], bucketKeys: [...new Set(names)].map((name) => SERVER_NAME_HEAD + name) });
  }

  /** Adds or replaces the TLSOption of a host. */
  setTlsHost(member: Member, { entryPoint, host }: TlsHost): void {
    this.#set({ ...member, rank: null, places: [], bucketKeys: [tlsHostKey(entryPoint, host)] });
  }

  /** Adds or replaces what there is one of, under a key of its own. */
  setOnly(member: Member, key: typeof TLS_DEFAULTS_KEY | typeof TICKET_SECRET_KEY): void {
    this.#set({ ...member, rank: null, places: [], bucketKeys: [key] });
  }

  /** Removes what was added under an id; an unknown id changes nothing. */
  delete(id: string): void {
    const indexed = this.#indexed.get(id);
    if (indexed === undefined) return;
    this.#indexed.delete(id);
    for (const key of indexed.bucketKeys) this.#takeOut(key, indexed);
    for (const place of indexed.places) this.#count(place, -1);
  }

  /** Writes all changes since the last call to the table. */
  flush(): void {
    for (const key of this.#dirtyBuckets) {
      const bucket = this.#buckets.get(key);
      if (bucket === undefined) this.#table.delete(key);
      else this.#table.set(key, encodeMembers(bucket));
    }
    for (const host of this.#dirtyHosts) {
      const counts = this.#hosts.get(host);
      if (counts === undefined) this.#table.delete(HOST_HEAD + host);
      else this.#table.set(HOST_HEAD + host, encodeHostContent(contentOf(counts)));
    }
    this.#dirtyBuckets.clear();
    this.#dirtyHosts.clear();
  }

  #set(indexed: Indexed): void {
    this.delete(indexed.id);
    this.#indexed.set(indexed.id, indexed);
    for (const key of indexed.bucketKeys) this.#putIn(key, indexed);
    for (const place of indexed.places) this.#count(place, 1);
  }

  #putIn(key: string, indexed: Indexed): void {
    const bucket = this.#buckets.get(key) ?? [];
    this.#buckets.set(key, bucket);
    bucket.splice(positionIn(bucket, indexed), 0, indexed);
    this.#dirtyBuckets.add(key);
  }

  #takeOut(key: string, indexed: Indexed): void {
    const bucket = this.#buckets.get(key) ?? [];
    const at = bucket.indexOf(indexed);
    assert(at >= 0, "what is indexed stands in each of its buckets once");
    bucket.splice(at, 1);
    if (bucket.length === 0) this.#buckets.delete(key);
    this.#dirtyBuckets.add(key);
  }

  #count({ host, form, path }: Place, by: 1 | -1): void {
    const counts = this.#hosts.get(host) ?? { exact: 0, rest: 0, prefixes: new Map<number, number>() };
    this.#hosts.set(host, counts);
    if (form === "prefix") countPrefix(counts.prefixes, path.length, by);
    else counts[form] += by;
    if (counts.exact === 0 && counts.rest === 0 && counts.prefixes.size === 0) this.#hosts.delete(host);
    this.#dirtyHosts.add(host);
  }
}

function countPrefix(prefixes: Map<number, number>, length: number, by: 1 | -1): void {
  const count = (prefixes.get(length) ?? 0) + by;
  if (count === 0) prefixes.delete(length);
  else prefixes.set(length, count);
}

function contentOf({ exact, rest, prefixes }: HostCounts) {
  return { hasExact: exact > 0, hasRest: rest > 0, prefixLengths: [...prefixes.keys()].sort((a, b) => a - b) };
}

/** Where something belongs in a bucket that is in order. */
function positionIn(bucket: readonly Indexed[], indexed: Indexed): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(bucket[middle] as Indexed, indexed) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: Indexed, b: Indexed): number {
  const byRank = a.rank === null || b.rank === null ? 0 : compareRanks(a.rank, b.rank);
  return byRank || (a.id < b.id ? -1 : 1);
}
