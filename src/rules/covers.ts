import type { Rule } from "../model/rule.ts";
import { type Alternative, alternativesOf, isImplied } from "./alternatives.ts";
import { UNION_MAX, UNION_ROUNDS_MAX } from "./limits.ts";
import { type Literal, negation } from "./literal.ts";
import type { MatcherTable } from "./matcher.ts";

/**
 * Whether every request that fulfils `narrow` fulfils `wide`. Sound: true is always right. Complete for hosts, paths and prefixes,
 * methods, addresses, and single headers and query parameters, and their combinations; regular expressions are compared with exact
 * values and by their text. Neither rule may have an obstacle (see `ruleObstacle`).
 */
export function covers(wide: Rule, narrow: Rule, matchers: MatcherTable): boolean {
  const others = alternativesOf(wide, matchers);
  if (others === null) return false;
  return alternativesOf(narrow, matchers)?.every((alternative) => coveredBy(alternative, others) !== null) ?? false;
}

/**
 * Whether every request that fulfils `alternative` fulfils one of `others`: the positions of those that cover it, or null. It is the
 * first that does so alone, else some that do so together, none of which can be spared.
 *
 * The order of `others` decides which are named, never whether there are any.
 */
export function coveredBy(alternative: Alternative, others: readonly Alternative[]): readonly number[] | null {
  const close: number[] = [];
  for (const [index, other] of others.entries()) {
    const missing = missingIn(other, alternative);
    if (missing === "none") return [index];
    if (missing !== "several") close.push(index);
  }
  if (close.length < 2 || close.length > UNION_MAX) return null;
  const used = coveredTogether(alternative, others);
  return used && withoutSpare(alternative, others, used);
}

/**
 * Takes away, round by round, what an other one covers: where only one literal stands between, the requests that are left fulfil its
 * negation. What a round finds does not depend on the order of `others`.
 */
function coveredTogether(alternative: Alternative, others: readonly Alternative[]): readonly number[] | null {
  let left = alternative;
  const used = new Set<number>();
  for (let round = 0; round < UNION_ROUNDS_MAX && used.size <= UNION_MAX; round++) {
    const taken: Literal[] = [];
    for (const [index, other] of others.entries()) {
      const missing = missingIn(other, left);
      if (missing === "none") return [...used.add(index)];
      if (missing === "several" || used.has(index)) continue;
      used.add(index);
      taken.push(negation(missing));
    }
    if (taken.length === 0) return null;
    left = [...left, ...taken];
  }
  return null;
}

/** What of `other` does not follow from `known`: nothing, the one literal, or several. */
function missingIn(other: Alternative, known: Alternative): "none" | "several" | Literal {
  let missing: "none" | Literal = "none";
  for (const literal of other) {
    if (isImplied(literal, known)) continue;
    if (missing !== "none") return "several";
    missing = literal;
  }
  return missing;
}

/** Spares the last ones first. */
function withoutSpare(alternative: Alternative, others: readonly Alternative[], used: readonly number[]): readonly number[] {
  let needed = used.toSorted((a, b) => a - b);
  for (const index of needed.toReversed()) {
    const fewer = needed.filter((one) => one !== index);
    const isEnough = coveredTogether(
      alternative,
      fewer.map((one) => others[one] as Alternative),
    );
    if (isEnough !== null) needed = fewer;
  }
  return needed;
}
