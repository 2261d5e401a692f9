import type { Rule } from "../model/rule.ts";
import { ALTERNATIVES_MAX, LITERALS_MAX } from "./limits.ts";
import { excludes, implies, isAlwaysTrue, isNeverTrue, type Literal, literalKey, literalOf } from "./literal.ts";
import type { MatcherTable } from "./matcher.ts";

/** Literals that must all be true; none is implied by the others, and no two exclude each other. Empty: every request. */
export type Alternative = readonly Literal[];

/** Alternatives up to which those that another one contains are looked for. */
const ABSORBED_MAX = 16;

/**
 * Multiplies a rule out: a request fulfils the rule ⇔ it fulfils one of its alternatives. Empty when no request can. Null when there
 * are more than `ALTERNATIVES_MAX`, or longer ones than `LITERALS_MAX`. The rule must have no obstacle (see `ruleObstacle`).
 */
export function alternativesOf(rule: Rule, matchers: MatcherTable): readonly Alternative[] | null {
  const all = expand(rule, false, matchers);
  if (all === null) return null;
  if (all.length < 2) return all;
  const distinct = [...new Map(all.map((alternative) => [alternativeKey(alternative), alternative])).values()];
  return distinct.length > ABSORBED_MAX ? distinct : distinct.filter((one, index) => !isAbsorbed(one, index, distinct));
}

/** The same for two alternatives that say the same in another spelling and order. */
export function alternativeKey(alternative: Alternative): string {
  return alternative.map(literalKey).sort().join("\n");
}

/** Whether every request that fulfils `narrow` fulfils `wide`. False where it cannot be told. */
export function isWithin(narrow: Alternative, wide: Alternative): boolean {
  return wide.every((literal) => isImplied(literal, narrow));
}

export function isImplied(literal: Literal, by: Alternative): boolean {
  return isAlwaysTrue(literal) || by.some((one) => implies(one, literal));
}

/** Whether no request fulfils both. False where it cannot be told. */
export function isContradiction(left: Alternative, right: Alternative): boolean {
  for (const one of left) for (const other of right) if (excludes(one, other)) return true;
  return false;
}

/** Of two that contain each other the first stays. */
function isAbsorbed(one: Alternative, index: number, all: readonly Alternative[]): boolean {
  return all.some((other, at) => at !== index && isWithin(one, other) && (at < index || !isWithin(other, one)));
}

type Expanded = readonly Alternative[] | null;

function expand(rule: Rule, isNegated: boolean, matchers: MatcherTable): Expanded {
  switch (rule.op) {
    case "match":
      return alone(literalOf(rule, isNegated, matchers));
    case "not":
      return expand(rule.term, !isNegated, matchers);
    default: {
      const isSum = (rule.op === "or") !== isNegated;
      const parts = rule.terms.map((term) => expand(term, isNegated, matchers));
      return parts.reduce((a, b) => (a === null || b === null ? null : isSum ? sum(a, b) : product(a, b)));
    }
  }
}

function sum(a: readonly Alternative[], b: readonly Alternative[]): Expanded {
  return a.length + b.length > ALTERNATIVES_MAX ? null : [...a, ...b];
}

function product(a: readonly Alternative[], b: readonly Alternative[]): Expanded {
  if (a.length * b.length > ALTERNATIVES_MAX) return null;
  const joined: Alternative[] = [];
  for (const left of a) {
    for (const right of b) {
      if (left.length + right.length > LITERALS_MAX) return null;
      if (!isContradiction(left, right)) joined.push(join(left, right));
    }
  }
  return joined;
}

function alone(literal: Literal): readonly Alternative[] {
  if (isNeverTrue(literal)) return [];
  return isAlwaysTrue(literal) ? [[]] : [[literal]];
}

/** Both, without what needs no saying: nothing in either is implied by the rest of it. Of literals that imply each other the first stays. */
function join(left: Alternative, right: Alternative): Alternative {
  const needed = left.filter((one) => !right.some((other) => implies(other, one) && !implies(one, other)));
  for (const other of right) if (!left.some((one) => implies(one, other))) needed.push(other);
  return needed;
}
