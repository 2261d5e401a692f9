import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { compareRanks, type Rank } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import { parsedMatch } from "../../rules/compile.ts";
import { printRule } from "../../rules/printer.ts";

/** A router, where its rule stands in its object, and what it claims: the key is the same where the traffic and the rank are. */
export interface Claim {
  readonly router: Router;
  readonly field: string;
  readonly key: string;
}

export function claimOf(router: Router, field: string): Claim {
  return { router, field, key: claimKey(router) };
}

/** How many of those who lose to a router are named to it. */
const NAMED_MAX = 3;

/** All claims of one class, by what they claim: same rule, same rank but for age and name. */
export class Conflicts {
  readonly #buckets = new Map<string, Map<string, Claim>>();
  #touched = new Set<string>();

  add(claim: Claim): void {
    const { key } = claim;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new Map();
      this.#buckets.set(key, bucket);
    }
    bucket.set(claim.router.id, claim);
    this.#touched.add(key);
  }

  remove({ router, key }: Claim): void {
    const bucket = this.#buckets.get(key);
    bucket?.delete(router.id);
    if (bucket?.size === 0) this.#buckets.delete(key);
    this.#touched.add(key);
  }

  /** The problems of each bucket touched since the last call, by the bucket's key; an empty list where there are none any more. */
  takeProblems(): ReadonlyMap<string, readonly Problem[]> {
    const problems = new Map(
      [...this.#touched].map((key) => [key, conflictsAmong([...(this.#buckets.get(key)?.values() ?? [])])]),
    );
    this.#touched = new Set();
    return problems;
  }
}

/** Tells every router that shares an entry point with another one who wins: those that lose whom they lose to, the first who loses. */
function conflictsAmong(claims: readonly Claim[]): readonly Problem[] {
  if (claims.length < 2) return [];
  const ordered = claims.toSorted((a, b) => compareRanks(a.router.rank, b.router.rank));
  return ordered.flatMap((claim, index) => {
    const winner = ordered.slice(0, index).find((other) => meet(claim.router, other.router));
    if (winner !== undefined) return [lost(claim, winner)];
    const losers = ordered.slice(index + 1).filter((other) => meet(claim.router, other.router));
    return losers.length === 0 ? [] : [won(claim, losers)];
  });
}

function meet(a: Router, b: Router): boolean {
  return a.entryPoints.some((name) => b.entryPoints.includes(name));
}

function lost(claim: Claim, winner: Claim): Problem {
  const message = `${show(winner, claim)} claims the same traffic and wins: ${reason(winner.router.rank, claim.router.rank)}.`;
  return problem("Conflict", claim.router.origin, claim.field, message, hintFor(claim, "one of the two"));
}

function won(claim: Claim, losers: readonly Claim[]): Problem {
  const named = losers.slice(0, NAMED_MAX).map((loser) => show(loser, claim));
  const more = losers.length > NAMED_MAX ? ` and ${losers.length - NAMED_MAX} more` : "";
  const verb = losers.length === 1 ? "claims" : "claim";
  const message = `${named.join(", ")}${more} ${verb} the same traffic; this rule wins.`;
  return problem("Conflict", claim.router.origin, claim.field, message, hintFor(claim, "one of them"));
}

/** An Ingress has no priority to set. */
function hintFor({ router }: Claim, which: string): string {
  return router.origin.kind === "Ingress" ? `Remove ${which}.` : `Remove ${which}, or set another priority.`;
}

function show({ router, field }: Claim, seenFrom: Claim): string {
  const { kind, namespace, name } = router.origin;
  return isSame(router.origin, seenFrom.router.origin) ? field : `${kind} "${namespace}/${name}" (${field})`;
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

function reason(winner: Rank, loser: Rank): string {
  if (loser.createdAtMs > Number.MAX_SAFE_INTEGER && winner.createdAtMs <= Number.MAX_SAFE_INTEGER)
    return "this object is being deleted";
  if (winner.createdAtMs !== loser.createdAtMs) return "it is older";
  return winner.object === loser.object ? "it comes first" : "its namespace and name come first";
}

/** The same for two routers exactly when they deserve the same traffic. */
function claimKey({ rule, rank }: Router): string {
  return `${rank.priority} ${rank.host} ${rank.path} ${rank.pathLength} ${rank.predicates} ${ruleKey(rule)}`;
}

/** A rule in a form in which neither the order of terms nor the spelling of hosts matters. */
function ruleKey(rule: Rule): string {
  switch (rule.op) {
    case "not":
      return `!(${ruleKey(rule.term)})`;
    case "and":
    case "or":
      return `${rule.op}(${[...new Set(rule.terms.map(ruleKey))].sort().join(" ")})`;
    case "match": {
      const { matcher, arg } = parsedMatch(rule, matchers);
      const key = matcher.key?.(arg);
      return key === undefined || key.form === "regex" ? printRule(rule) : JSON.stringify(key);
    }
  }
}
