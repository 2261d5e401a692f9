import type { Rule, RuleMatch } from "../model/rule.ts";
import { parsedMatch } from "./compile.ts";
import { ROUTE_KEYS_MAX } from "./limits.ts";
import type { MatcherKey, MatcherTable } from "./matcher.ts";

/** `exact`: the host is `value`. `wildcard`: the host is one label, a dot, and `value` (which has no `*.`). */
export interface HostKey {
  readonly form: "exact" | "wildcard";
  readonly value: string;
}

/** `exact`: the path is `value`. `prefix`: it begins with the characters of `value`. */
export interface PathKey {
  readonly form: "exact" | "prefix";
  readonly value: string;
}

/** Where the route index keeps a rule. */
export interface RuleKeys {
  /** The host fits at least one of these whenever the rule is true. Without duplicates. */
  readonly hosts: readonly HostKey[] | "any";
  /** The path fits at least one of these whenever the rule is true. Without duplicates; one may be a prefix of another. */
  readonly paths: readonly PathKey[] | "any";
  /** What is left to test once host and path fit their keys; null when nothing is. */
  readonly residual: Rule | null;
}

/**
 * Finds what the route index can use of a rule. For every request: the rule is true ⇔ the host fits `hosts`, the path fits `paths`,
 * and `residual` is true.
 *
 * Of the terms of an `and` the most selective one counts for the host, and one for the path; an `or` needs the keys of all its
 * alternatives; a `!` says nothing. Terms that their keys prove are left out of the residual. The rule must have no obstacle.
 */
export function ruleKeys(rule: Rule, matchers: MatcherTable): RuleKeys {
  const terms = rule.op === "and" ? rule.terms : [rule];
  const claims = terms.map((term) => claimsOf(term, matchers));
  const host = mostSelective(claims.map((claim) => claim.host));
  const path = withinLimit(mostSelective(claims.map((claim) => claim.path)), host.keys);
  const left = terms.filter((_, index) => !isProven(claims[index]?.host, host) && !isProven(claims[index]?.path, path));
  return { hosts: host.keys, paths: path.keys, residual: conjunction(left) };
}

/** What a term says about the host, or about the path. */
interface Claim<Key> {
  readonly keys: readonly Key[] | "any";
  /** Whether fitting one of `keys` makes the term true. */
  readonly proves: boolean;
}

interface Claims {
  readonly host: Claim<HostKey>;
  readonly path: Claim<PathKey>;
}

const NOTHING: Claim<never> = { keys: "any", proves: false };
const ALWAYS: Claim<never> = { keys: "any", proves: true };

/** A term is left out when its claim is the one the index uses, or when it is always true. */
function isProven<Key>(claim: Claim<Key> | undefined, used: Claim<Key>): boolean {
  return claim?.proves === true && (claim === used || claim.keys === "any");
}

function claimsOf(rule: Rule, matchers: MatcherTable): Claims {
  if (rule.op === "match") return claimsOfMatch(rule, matchers);
  if (rule.op === "not") return { host: NOTHING, path: NOTHING };
  const terms = rule.terms.map((term) => claimsOf(term, matchers));
  const hosts = terms.map((term) => term.host);
  const paths = terms.map((term) => term.path);
  if (rule.op === "or") return { host: union(hosts), path: union(paths) };
  return { host: { ...mostSelective(hosts), proves: false }, path: { ...mostSelective(paths), proves: false } };
}

function claimsOfMatch(rule: RuleMatch, matchers: MatcherTable): Claims {
  const { matcher, arg } = parsedMatch(rule, matchers);
  const key = matcher.key?.(arg);
  return { host: hostClaim(key), path: pathClaim(key) };
}

function hostClaim(key: MatcherKey | undefined): Claim<HostKey> {
  if (key?.on !== "host") return NOTHING;
  if ("value" in key) return { keys: [{ form: key.form, value: key.value }], proves: true };
  return key.form === "any" ? ALWAYS : NOTHING;
}

function pathClaim(key: MatcherKey | undefined): Claim<PathKey> {
  if (key?.on !== "path" || key.form === "regex") return NOTHING;
  return { keys: [{ form: key.form, value: key.value }], proves: key.loose !== true };
}

type AnyKey = HostKey | PathKey;

function union<Key extends AnyKey>(claims: readonly Claim<Key>[]): Claim<Key> {
  const keys = new Map<string, Key>();
  for (const claim of claims) {
    if (claim.keys === "any") return claims.some((one) => one === ALWAYS) ? ALWAYS : NOTHING;
    for (const key of claim.keys) keys.set(`${key.form} ${key.value}`, key);
  }
  return { keys: [...keys.values()], proves: claims.every((claim) => claim.proves) };
}

/** The claim that leaves the fewest requests: exact keys only, then fewer keys, then longer ones; the first of equals. */
function mostSelective<Key extends AnyKey>(claims: readonly Claim<Key>[]): Claim<Key> {
  return claims.reduce((best, claim) => (isMoreSelective(claim, best) ? claim : best), NOTHING as Claim<Key>);
}

function isMoreSelective<Key extends AnyKey>(a: Claim<Key>, b: Claim<Key>): boolean {
  if (a.keys === "any") return false;
  if (b.keys === "any") return true;
  const [exactA, exactB] = [isExact(a.keys), isExact(b.keys)];
  if (exactA !== exactB) return exactA;
  if (a.keys.length !== b.keys.length) return a.keys.length < b.keys.length;
  return shortest(a.keys) > shortest(b.keys);
}

function isExact(keys: readonly AnyKey[]): boolean {
  return keys.every((key) => key.form === "exact");
}

function shortest(keys: readonly AnyKey[]): number {
  return keys.reduce((least, key) => Math.min(least, key.value.length), Number.POSITIVE_INFINITY);
}

/** The index holds a rule once for each pair of host and path: beyond the limit the path is left to the rule itself. */
function withinLimit(path: Claim<PathKey>, hosts: RuleKeys["hosts"]): Claim<PathKey> {
  const hostCount = hosts === "any" ? 1 : hosts.length;
  const pathCount = path.keys === "any" ? 1 : path.keys.length;
  return hostCount * pathCount <= ROUTE_KEYS_MAX ? path : NOTHING;
}

function conjunction(terms: readonly Rule[]): Rule | null {
  if (terms.length === 0) return null;
  return terms.length === 1 ? (terms[0] as Rule) : { op: "and", terms };
}
