import type { RuleMatch } from "../model/rule.ts";
import { parsedMatch } from "./compile.ts";
import type { MatcherScope, MatcherTable } from "./matcher.ts";
import { printRule } from "./printer.ts";
import type { RequestFacts } from "./request-facts.ts";

/** One matcher of a rule, or its negation. */
export interface Literal {
  readonly isNegated: boolean;
  readonly scope: MatcherScope;
  /** The same for two matchers that say the same in another spelling. */
  readonly key: string;
  /** Whether a request fulfils the matcher, be it negated or not. */
  readonly matches: (facts: RequestFacts) => boolean;
}

/** Reads one matcher of a rule. It must have no obstacle (see `ruleObstacle`). */
export function literalOf(match: RuleMatch, isNegated: boolean, matchers: MatcherTable): Literal {
  const { matcher, arg } = parsedMatch(match, matchers);
  const scope = matcher.scope?.(arg, match.args) ?? incomparable(match);
  // The length keeps subject and value apart, whatever they hold.
  const key = `${scope.form} ${scope.subject.length} ${scope.subject} ${scope.value}`;
  return { isNegated, scope, key, matches: (facts) => matcher.test(facts, arg) };
}

/** A matcher that says nothing of itself is its own subject. */
function incomparable(match: RuleMatch): MatcherScope {
  return { subject: printRule(match), isSingle: false, form: "regex", value: "" };
}

/** The literal that is true where this one is false. */
export function negation(literal: Literal): Literal {
  return { ...literal, isNegated: !literal.isNegated };
}

/** The same for two literals that say the same in another spelling. */
export function literalKey({ isNegated, key }: Literal): string {
  return isNegated ? `!${key}` : key;
}

/** Whether every request fulfils it. */
export function isAlwaysTrue({ isNegated, scope }: Literal): boolean {
  return !isNegated && isEverything(scope);
}

/** Whether no request fulfils it. */
export function isNeverTrue({ isNegated, scope }: Literal): boolean {
  return isNegated && isEverything(scope);
}

function isEverything({ form, isSingle }: MatcherScope): boolean {
  return form === "everything" && isSingle;
}

/** Whether every request that fulfils `a` fulfils `b`. False where it cannot be told. */
export function implies(a: Literal, b: Literal): boolean {
  if (isAlwaysTrue(b)) return true;
  if (a.scope.subject !== b.scope.subject) return false;
  if (a.isNegated) return b.isNegated && isWithin(b, a);
  return b.isNegated ? isDisjoint(a, b) : isWithin(a, b);
}

/** Whether no request fulfils both. False where it cannot be told. */
export function excludes(a: Literal, b: Literal): boolean {
  if (a.scope.subject !== b.scope.subject) return false;
  if (a.isNegated) return !b.isNegated && isWithin(b, a);
  return b.isNegated ? isWithin(a, b) : isDisjoint(a, b);
}

/** Whether the values that fulfil the matcher of `a` are among those that fulfil that of `b`; both look at the same. */
function isWithin(a: Literal, b: Literal): boolean {
  const [{ form, value }, wider] = [a.scope, b.scope];
  if (a.key === b.key || wider.form === "everything") return true;
  switch (form) {
    case "exact":
      return b.matches(factsOfOneValue(value));
    case "label":
      return wider.form === "nonEmpty";
    case "prefix":
      if (wider.form === "prefix") return value.startsWith(wider.value);
      return wider.form === "segments" ? value.startsWith(`${wider.value}/`) : wider.form === "nonEmpty" && value !== "";
    case "segments":
      if (wider.form === "prefix" || wider.form === "nonEmpty") return value !== "" && value.startsWith(wider.value);
      return wider.form === "segments" && value.startsWith(`${wider.value}/`);
    default:
      return false;
  }
}

/** Whether no value fulfils the matchers of both, which look at the same. */
function isDisjoint(a: Literal, b: Literal): boolean {
  if (!a.scope.isSingle) return false;
  if (a.scope.form === "exact") return !b.matches(factsOfOneValue(a.scope.value));
  if (b.scope.form === "exact") return !a.matches(factsOfOneValue(b.scope.value));
  if (a.scope.form === "label" && b.scope.form === "label") return a.scope.value !== b.scope.value;
  return isText(a.scope) && isText(b.scope) && !isTextIn(a.scope, b.scope) && !isTextIn(b.scope, a.scope);
}

function isText({ form }: MatcherScope): boolean {
  return form === "prefix" || form === "segments";
}

/** Whether the text of `a` is itself one that fulfils `b`. */
function isTextIn(a: MatcherScope, b: MatcherScope): boolean {
  return a.value === b.value || a.value.startsWith(b.form === "segments" ? `${b.value}/` : b.value);
}

/** A request of which all that can be looked at has this one value. A literal looks at its own subject alone. */
function factsOfOneValue(value: string): RequestFacts {
  return {
    host: value,
    path: value,
    method: value,
    clientAddress: value,
    headerValues: () => [value],
    queryValues: () => [value],
  };
}
