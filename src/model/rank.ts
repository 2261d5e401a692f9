import { compareText } from "../kernel/compare-text.ts";
/**
 * The place of a router in the one total order of all routers of a class. Lower `compareRanks` comes first and wins.
 *
 * DESIGN of the order: priority number, then specificity (host, path, path length, further predicates), then age, then
 * namespace/name, then the index of the rule inside its object. No two routers of one class compare equal.
 */
export interface Rank {
  /** Explicit priority; else the length of an IngressRoute's rule text in bytes; else 0 for Ingress. Higher wins. */
  readonly priority: number;
  /** 3 exact host, 2 wildcard, 1 regex, 0 none. Higher wins. */
  readonly host: number;
  /** 3 exact path, 2 prefix, 1 regex, 0 none. Higher wins. */
  readonly path: number;
  /** Length of the exact path or prefix in bytes; 0 otherwise. Higher wins. */
  readonly pathLength: number;
  /** Number of predicates that are neither host nor path. Higher wins. */
  readonly predicates: number;
  /** creationTimestamp in ms since the epoch. Objects without one rank as not yet created: `Number.MAX_SAFE_INTEGER`. Lower wins. */
  readonly createdAtMs: number;
  /**
   * `namespace/name/kind` of the object, followed by `@` and entry points where a rule has several routers, for some of its entry points
   * each. Lower (by UTF-16 code unit) wins.
   */
  readonly object: string;
  /** Position of the rule in its object. Lower wins. */
  readonly index: number;
}

/** Negative when `a` wins over `b`, positive when `b` wins; 0 only for the same router. Allocates: nothing. */
export function compareRanks(a: Rank, b: Rank): number {
  return compareTraffic(a, b) || a.createdAtMs - b.createdAtMs || compareText(a.object, b.object) || a.index - b.index;
}

/** The part of the order that says what traffic a rule deserves; age and name break what is equal here. */
export function compareTraffic(a: Rank, b: Rank): number {
  return (
    b.priority - a.priority || b.host - a.host || b.path - a.path || b.pathLength - a.pathLength || b.predicates - a.predicates
  );
}
