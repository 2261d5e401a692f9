import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { compareRanks, type Rank } from "../../model/rank.ts";
import { type Claim, nameClaim } from "./claim.ts";

/** How many of those who lose to a router are named to it. */
const NAMED_MAX = 3;

/** All claims of one class, by what they claim: same traffic, same rank but for age and name. */
export class Conflicts {
  readonly #buckets = new Map<string, Map<string, Claim>>();
  /** The keys of the buckets that problems are told of. */
  readonly #told = new Set<string>();
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

  /** The problems of each bucket for which they changed since the last call, by the bucket's key. */
  takeProblems(): ReadonlyMap<string, readonly Problem[]> {
    const problems = new Map<string, readonly Problem[]>();
    for (const key of this.#touched) {
      const bucket = this.#buckets.get(key);
      const told = bucket === undefined || bucket.size < 2 ? NONE : conflictsAmong([...bucket.values()]);
      if (told.length > 0) this.#told.add(key);
      else if (!this.#told.delete(key)) continue;
      problems.set(key, told);
    }
    this.#touched = new Set();
    return problems;
  }
}

const NONE: readonly Problem[] = [];

/** Tells every router that loses traffic who wins it, and where; and every router that wins some who loses it, and where. */
function conflictsAmong(claims: readonly Claim[]): readonly Problem[] {
  const ordered = claims.toSorted((a, b) => compareRanks(a.router.rank, b.router.rank));
  const losers = new Map<Claim, Map<string, Claim[]>>();
  const lostBy = ordered.map((claim, index) => {
    const winners = winnersOver(claim, ordered.slice(0, index));
    for (const [winner, arenas] of winners) noteLoser(losers, winner, whereOf(winner, arenas), claim);
    return winners;
  });
  return ordered.flatMap((claim, index) => [
    ...[...(lostBy[index] ?? [])].map(([winner, arenas]) => lost(claim, winner, whereOf(claim, arenas))),
    ...[...(losers.get(claim) ?? [])].map(([where, others]) => won(claim, others, where)),
  ]);
}

/** The best of the claims before in each arena: who wins over the claim, and in which arenas. */
function winnersOver(claim: Claim, before: readonly Claim[]): ReadonlyMap<Claim, readonly string[]> {
  const winners = new Map<Claim, readonly string[]>();
  for (const arena of claim.arenas) {
    const winner = before.find((other) => other.arenas.includes(arena));
    if (winner !== undefined) winners.set(winner, [...(winners.get(winner) ?? []), arena]);
  }
  return winners;
}

function noteLoser(losers: Map<Claim, Map<string, Claim[]>>, winner: Claim, where: string, loser: Claim): void {
  const ofWinner = losers.get(winner) ?? new Map<string, Claim[]>();
  losers.set(winner, ofWinner);
  ofWinner.set(where, [...(ofWinner.get(where) ?? []), loser]);
}

/** Names some of a claim's arenas in a message; "" for all of them. */
function whereOf({ router, arenas: all }: Claim, arenas: readonly string[]): string {
  if (arenas.length === all.length) return "";
  return ` ${router.parents === undefined ? "on" : "under"} ${arenas.map((name) => `"${name}"`).join(", ")}`;
}

function lost(claim: Claim, winner: Claim, where: string): Problem {
  const why = reason(winner.router.rank, claim.router.rank);
  const message = `${nameClaim(winner, claim)} claims the same traffic${where} and wins: ${why}.`;
  return problem("Conflict", claim.router.origin, claim.field, message, hintFor(claim, "one of the two"));
}

function won(claim: Claim, losers: readonly Claim[], where: string): Problem {
  const named = losers.slice(0, NAMED_MAX).map((loser) => nameClaim(loser, claim));
  const more = losers.length > NAMED_MAX ? ` and ${losers.length - NAMED_MAX} more` : "";
  const verb = losers.length === 1 ? "claims" : "claim";
  const message = `${named.join(", ")}${more} ${verb} the same traffic${where}; this rule wins.`;
  return problem("Conflict", claim.router.origin, claim.field, message, hintFor(claim, "one of them"));
}

/** An Ingress has no priority to set. */
function hintFor({ router }: Claim, which: string): string {
  return router.origin.kind === "Ingress" ? `Remove ${which}.` : `Remove ${which}, or set another priority.`;
}

function reason(winner: Rank, loser: Rank): string {
  if (loser.createdAtMs > Number.MAX_SAFE_INTEGER && winner.createdAtMs <= Number.MAX_SAFE_INTEGER)
    return "this object is being deleted";
  if (winner.createdAtMs !== loser.createdAtMs) return "it is older";
  return winner.object === loser.object ? "it comes first" : "its namespace and name come first";
}
