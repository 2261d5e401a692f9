import { assert } from "../kernel/assert.ts";
import type { Rule, RuleMatch } from "../model/rule.ts";
import type { Matcher, MatcherTable } from "./matcher.ts";
import { printRule } from "./printer.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Whether a request fulfils a rule. Allocates: nothing but what a matcher needs. */
export type Predicate = (facts: RequestFacts) => boolean;

interface Compiled {
  readonly test: Predicate;
  readonly cost: number;
}

/**
 * Says why a rule cannot be compiled here, or null. Rules from our own parser always can; one from a snapshot may name a matcher, or
 * use an argument, that this version does not know.
 */
export function ruleObstacle(rule: Rule, matchers: MatcherTable): string | null {
  if (rule.op === "not") return ruleObstacle(rule.term, matchers);
  if (rule.op === "match") return matchObstacle(rule, matchers);
  for (const term of rule.terms) {
    const obstacle = ruleObstacle(term, matchers);
    if (obstacle !== null) return obstacle;
  }
  return null;
}

/**
 * Turns a rule into a function; arguments are parsed once, here. Inside `and` and `or` cheap terms run first, which changes no
 * result since no matcher has effects. The rule must have no obstacle (see `ruleObstacle`).
 */
export function compileRule(rule: Rule, matchers: MatcherTable): Predicate {
  return compile(rule, matchers).test;
}

/**
 * Names the part of a rule that fails for a request, in canonical text; null when the rule is fulfilled. In an `and` it is the first
 * term (as written) that fails; an `or` or a `!` fails as a whole.
 */
export function explainRule(rule: Rule, matchers: MatcherTable, facts: RequestFacts): string | null {
  if (rule.op !== "and") return compileRule(rule, matchers)(facts) ? null : printRule(rule);
  for (const term of rule.terms) {
    const failing = explainRule(term, matchers, facts);
    if (failing !== null) return failing;
  }
  return null;
}

function compile(rule: Rule, matchers: MatcherTable): Compiled {
  if (rule.op === "match") return compileMatch(rule, matchers);
  if (rule.op === "not") {
    const { test, cost } = compile(rule.term, matchers);
    return { test: (facts) => !test(facts), cost };
  }
  const terms = rule.terms.map((term) => compile(term, matchers)).sort((a, b) => a.cost - b.cost);
  const tests = terms.map((term) => term.test);
  return { test: rule.op === "and" ? all(tests) : some(tests), cost: terms.reduce((sum, term) => sum + term.cost, 0) };
}

function compileMatch(rule: RuleMatch, matchers: MatcherTable): Compiled {
  const { matcher, arg } = parsedMatch(rule, matchers);
  return { test: (facts) => matcher.test(facts, arg), cost: matcher.cost ?? 1 };
}

function all(tests: readonly Predicate[]): Predicate {
  const [first, second] = tests as [Predicate, Predicate];
  if (tests.length === 2) return (facts) => first(facts) && second(facts);
  return (facts) => {
    for (const test of tests) if (!test(facts)) return false;
    return true;
  };
}

function some(tests: readonly Predicate[]): Predicate {
  const [first, second] = tests as [Predicate, Predicate];
  if (tests.length === 2) return (facts) => first(facts) || second(facts);
  return (facts) => {
    for (const test of tests) if (test(facts)) return true;
    return false;
  };
}

/** The matcher a term names, with its argument parsed. The term must have no obstacle. */
export function parsedMatch(rule: RuleMatch, matchers: MatcherTable): { readonly matcher: Matcher; readonly arg: unknown } {
  const matcher = matchers.get(rule.matcher);
  assert(matcher !== undefined, `a compiled rule names known matchers, not "${rule.matcher}"`);
  const arg = matcher.parse(rule.args);
  assert(arg.ok, `a compiled rule has arguments its matcher accepts: ${printRule(rule)}`);
  return { matcher, arg: arg.value };
}

function matchObstacle(rule: RuleMatch, matchers: MatcherTable): string | null {
  const matcher = matchers.get(rule.matcher);
  if (matcher === undefined) return `unknown matcher "${rule.matcher}"`;
  const { min, max } = matcher.arity;
  if (rule.args.length < min || rule.args.length > max) return `wrong number of arguments in ${printRule(rule)}`;
  const parsed = matcher.parse(rule.args);
  return parsed.ok ? null : parsed.error.message;
}
