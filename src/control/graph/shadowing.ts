import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { compareRanks, type Rank } from "../../model/rank.ts";
import { type Alternative, isContradiction } from "../../rules/alternatives.ts";
import { coveredBy } from "../../rules/covers.ts";
import { type Claim, nameClaim } from "./claim.ts";
import { ANY_HOST, ClaimIndex, type Entry, entriesOf, isBelow, type Place } from "./claim-index.ts";
import { SortedList } from "./sorted-list.ts";

/** Alternatives at one place up to which those they cover are looked for. */
export const PLACE_MAX = 128;

/** Places looked at, for each claim there is, up to which what a change leads to is looked for: with more, all is looked at anew. */
const LOOKS_MAX = 4;

/** Alternatives of one place up to which what comes and goes is held against what it may cover: with more, all counts. */
const ALTERNATIVES_MAX = 4;

/** How many of the rules that cover another one are named to it. */
const NAMED_MAX = 3;

const NONE: readonly Problem[] = [];

/** What was done at a place since problems were told. */
interface Touch {
  /** Of the claims that came or went, the rank of the one that wins over the others. */
  readonly best: Rank;
  /** What came or went; null when that is much. */
  readonly alternatives: readonly Alternative[] | null;
  /** Whether the place was too large to be looked at before. */
  readonly wasLarge: boolean;
  /** Whether a prefix came or went where not all of them are looked at: others may be looked at now. */
  readonly hidesOthers: boolean;
}

/**
 * Finds the rules of one class that no request can reach: on every entry point that serves them, rules that rank before cover them.
 *
 * Never a false alarm; see `covers` for what is found. A change looks anew at the claims below the places it touches, that is at
 * narrower hosts and longer paths, that rank behind it. A rule for any host looks at what stands below its path, or at what ranks behind
 * it, whichever is less.
 */
export class Shadowing {
  readonly #index = new ClaimIndex();
  readonly #entries = new Map<Claim, readonly Entry[]>();
  readonly #ranked = new SortedList<Claim>(byRank);
  #queue = new Set<Claim>();
  #touched = new Map<Place, Touch>();
  /** The names under which problems are told. */
  readonly #told = new Set<string>();
  #gone = new Set<string>();
  readonly #placeMax: number;

  constructor(placeMax = PLACE_MAX) {
    this.#placeMax = placeMax;
  }

  add(claim: Claim): void {
    const entries = entriesOf(claim);
    this.#entries.set(claim, entries);
    this.#ranked.add(claim);
    this.#queue.add(claim);
    for (const entry of entries) {
      const place = this.#index.add(entry);
      this.#touch(place, entry, place.entries.size - 1);
    }
  }

  remove(claim: Claim): void {
    const entries = this.#entries.get(claim) ?? [];
    if (this.#entries.delete(claim)) this.#ranked.delete(claim);
    this.#queue.delete(claim);
    this.#gone.add(claim.router.id);
    for (const entry of entries) {
      const place = this.#index.remove(entry);
      if (place !== undefined) this.#touch(place, entry, place.entries.size + 1);
    }
  }

  /** What changed since the last call in what there is to tell, by name of router or place; one claim a step. */
  *takeProblems(): Generator<void, ReadonlyMap<string, readonly Problem[]>> {
    const problems = new Map<string, readonly Problem[]>();
    for (const id of this.#gone) this.#tell(id, NONE, problems);
    yield* this.#queueBelow();
    for (const place of this.#touched.keys()) {
      const told = this.#isLarge(place.entries.size) ? tooCrowded(place, this.#placeMax) : NONE;
      this.#tell(`${place.host} ${place.form} ${place.path}`, told, problems);
    }
    for (const claim of this.#queue) {
      this.#tell(claim.router.id, this.#examine(claim), problems);
      yield;
    }
    this.#queue = new Set();
    this.#touched = new Map();
    this.#gone = new Set();
    return problems;
  }

  #tell(name: string, told: readonly Problem[], problems: Map<string, readonly Problem[]>): void {
    if (told.length > 0) this.#told.add(name);
    else if (!this.#told.delete(name)) return;
    problems.set(name, told);
  }

  #isLarge(size: number): boolean {
    return size > this.#placeMax;
  }

  #touch(place: Place, { claim, alternative }: Entry, sizeBefore: number): void {
    const { rank } = claim.router;
    const touch = this.#touched.get(place);
    const best = touch !== undefined && compareRanks(touch.best, rank) < 0 ? touch.best : rank;
    const isNew = (sizeBefore === 0) !== (place.entries.size === 0);
    const hidesOthers =
      touch?.hidesOthers === true || (isNew && place.form === "prefix" && !this.#index.seesAllPrefixes(place.host));
    const before = touch === undefined ? [] : touch.alternatives;
    const alternatives = before === null || before.length === ALTERNATIVES_MAX ? null : [...before, alternative];
    this.#touched.set(place, { best, alternatives, wasLarge: touch?.wasLarge ?? this.#isLarge(sizeBefore), hidesOthers });
  }

  /** Queues every claim that a touched place makes a difference to. */
  *#queueBelow(): Generator<void> {
    let looks = 0;
    for (const [place, touch] of this.#touched) {
      if (this.#queue.size === this.#entries.size) return;
      if (looks > LOOKS_MAX * this.#entries.size) {
        this.#queue = new Set(this.#entries.keys());
        return;
      }
      const isLarge = this.#isLarge(place.entries.size);
      if (isLarge && touch.wasLarge) continue;
      // Whether a place is looked at at all matters to every claim below, not only to those behind what came or went.
      const isAll = isLarge !== touch.wasLarge || touch.hidesOthers;
      looks += isAll ? this.#queueAllBelow(place) : this.#queueBehind(place, touch);
      yield;
    }
  }

  /** Returns how many places or claims it has looked at, as `#queueBehind` does. */
  #queueAllBelow(place: Place): number {
    return this.#index.visitBelow(place, (below) => {
      for (const { claim } of below.entries) this.#queue.add(claim);
    });
  }

  #queueBehind(place: Place, touch: Touch): number {
    const { best } = touch;
    if (place.host === ANY_HOST) {
      const first = this.#ranked.position(({ router }) => compareRanks(router.rank, best));
      const count = this.#ranked.size - first;
      if (count < this.#index.countBelow(place, count + 1)) return this.#queueRanked(place, touch, first, count);
    }
    return this.#index.visitBelow(place, (below) => {
      for (const entry of below.entries) {
        if (compareRanks(best, entry.claim.router.rank) < 0 && concerns(touch, entry)) this.#queue.add(entry.claim);
      }
    });
  }

  #queueRanked(place: Place, touch: Touch, first: number, count: number): number {
    for (const claim of this.#ranked.from(first)) {
      const entries = this.#entries.get(claim) ?? [];
      if (entries.some((entry) => isBelow(entry, place) && concerns(touch, entry))) this.#queue.add(claim);
    }
    return count;
  }

  #examine(claim: Claim): readonly Problem[] {
    if (claim.alternatives === null) return [tooLarge(claim)];
    if (claim.alternatives.length === 0) return [impossible(claim)];
    const covering = new Set<Claim>();
    for (const entry of this.#entries.get(claim) ?? []) {
      const before = this.#before(entry);
      if (before.length === 0) return NONE;
      for (const arena of claim.arenas) {
        const there = before.filter((other) => other.claim.arenas.includes(arena));
        const used = firstCovering(entry, there);
        if (used === null) return NONE;
        for (const other of used) covering.add(other.claim);
      }
    }
    // Who loses to a rule that claims the same at the same rank is told so as a conflict.
    if ([...covering].every((other) => other.key === claim.key)) return NONE;
    return [unreachable(claim, [...covering].sort(byRank))];
  }

  /** The entries that may cover one and rank before it. */
  #before(entry: Entry): readonly Entry[] {
    const { rank } = entry.claim.router;
    const found: Entry[] = [];
    for (const place of this.#index.above(entry)) {
      if (this.#isLarge(place.entries.size)) continue;
      for (const other of place.entries) {
        const isBefore = other.claim !== entry.claim && compareRanks(other.claim.router.rank, rank) < 0;
        // What has no request in common with it takes none from it, and is not even to be counted.
        if (isBefore && !isContradiction(other.alternative, entry.alternative)) found.push(other);
      }
    }
    return found;
  }
}

/** Whether what came or went at a place may make a difference to an entry below. */
function concerns({ alternatives }: Touch, entry: Entry): boolean {
  return alternatives?.every((one) => isContradiction(one, entry.alternative)) !== true;
}

/** Those that cover an entry, or null. Which of several are named does not depend on the order they came in. */
function firstCovering(entry: Entry, others: readonly Entry[]): readonly Entry[] | null {
  if (others.length === 0 || coveredBy(entry.alternative, alternativesOf(others)) === null) return null;
  const ordered = others.toSorted((a, b) => byRank(a.claim, b.claim));
  return (coveredBy(entry.alternative, alternativesOf(ordered)) ?? []).map((index) => ordered[index] as Entry);
}

function alternativesOf(entries: readonly Entry[]) {
  return entries.map((entry) => entry.alternative);
}

function byRank(a: Claim, b: Claim): number {
  return compareRanks(a.router.rank, b.router.rank);
}

function unreachable(claim: Claim, covering: readonly Claim[]): Problem {
  const named = covering.slice(0, NAMED_MAX).map((other) => nameClaim(other, claim));
  const more = covering.length > NAMED_MAX ? ` and ${covering.length - NAMED_MAX} more` : "";
  const verb = covering.length === 1 ? "covers it and ranks" : "cover it together and rank";
  const message = `No request reaches this rule: ${named.join(", ")}${more} ${verb} before it.`;
  const isIngress = claim.router.origin.kind === "Ingress";
  const hint = isIngress ? "Remove it, or narrow the other." : "Remove it, narrow the other, or give this one a higher priority.";
  return problem("Unreachable", claim.router.origin, claim.field, message, hint);
}

function impossible({ router, field }: Claim): Problem {
  const message = "No request reaches this rule: its terms exclude each other.";
  return problem("Unreachable", router.origin, field, message, "Join alternatives with ||.");
}

function tooLarge({ router, field }: Claim): Problem {
  const message = "The rule has too many alternatives for a check whether requests reach it; it works all the same.";
  return problem("ReachUnknown", router.origin, field, message, "Divide it into several rules.");
}

/** Told to the rule at the place that wins over the others there. */
function tooCrowded({ host, form, path, entries }: Place, placeMax: number): readonly Problem[] {
  let [best] = entries;
  for (const entry of entries) if (best === undefined || byRank(entry.claim, best.claim) < 0) best = entry;
  if (best === undefined) return NONE;
  const { router, field } = best.claim;
  const where = form === "any" ? "no plain path" : `path ${form === "prefix" ? "prefix " : ""}\`${path}\``;
  const message = `More than ${placeMax} rules have host \`${host}\` and ${where}: which rules they keep requests from is not checked.`;
  return [problem("ReachUnknown", router.origin, field, message)];
}
