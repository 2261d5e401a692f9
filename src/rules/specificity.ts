import type { Rank } from "../model/rank.ts";
import type { Rule, RuleMatch } from "../model/rule.ts";
import { parsedMatch } from "./compile.ts";
import type { MatcherTable } from "./matcher.ts";

/** How narrow a rule is: the part of a router's rank that follows from its rule (see `model/rank.ts` for the scales). */
export type Specificity = Pick<Rank, "host" | "path" | "pathLength" | "predicates">;

const NONE: Specificity = { host: 0, path: 0, pathLength: 0, predicates: 0 };
const HOST_SCALE = { exact: 3, wildcard: 2, regex: 1, any: 0 } as const;
const PATH_SCALE = { exact: 3, prefix: 2, regex: 1 } as const;

/**
 * Measures a rule.
 *
 * - `and` is as specific as its most specific host and its most specific path, with the further predicates of all terms;
 * - `or` is as specific as its least specific alternative (in the order of ranks), since any request of that one is enough;
 * - `!` says nothing of host or path, whatever stands behind it, and counts as one further predicate.
 *
 * The rule must have no obstacle (see `ruleObstacle`).
 */
export function specificity(rule: Rule, matchers: MatcherTable): Specificity {
  switch (rule.op) {
    case "match":
      return ofMatch(rule, matchers);
    case "not":
      return { ...NONE, predicates: 1 };
    case "and":
      return rule.terms.map((term) => specificity(term, matchers)).reduce(combine);
    case "or":
      return rule.terms.map((term) => specificity(term, matchers)).reduce((a, b) => (compare(a, b) <= 0 ? a : b));
  }
}

function ofMatch(rule: RuleMatch, matchers: MatcherTable): Specificity {
  const { matcher, arg } = parsedMatch(rule, matchers);
  const key = matcher.key?.(arg);
  if (key === undefined) return { ...NONE, predicates: 1 };
  if (key.on === "host") return { ...NONE, host: HOST_SCALE[key.form] };
  return { ...NONE, path: PATH_SCALE[key.form], pathLength: key.form === "regex" ? 0 : Buffer.byteLength(key.value) };
}

function combine(a: Specificity, b: Specificity): Specificity {
  const narrower = a.path - b.path || a.pathLength - b.pathLength;
  const { path, pathLength } = narrower >= 0 ? a : b;
  return { host: Math.max(a.host, b.host), path, pathLength, predicates: a.predicates + b.predicates };
}

function compare(a: Specificity, b: Specificity): number {
  return a.host - b.host || a.path - b.path || a.pathLength - b.pathLength || a.predicates - b.predicates;
}
