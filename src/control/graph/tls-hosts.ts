import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Router } from "../../model/router.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import { ruleKeys } from "../../rules/keys.ts";
import { type Claim, nameClaim } from "./claim.ts";

const ANY_HOST = "*";

/** How many of those who lose a host are named to its winner. */
const NAMED_MAX = 3;

type Id = ResourceId<"tlsHost">;

/** One host of one entry point, and the routers that name it. */
interface Place {
  readonly entryPoint: string;
  readonly host: string;
  readonly claims: Set<Claim>;
}

/**
 * Settles which TLSOption each host of each entry point has: that of the oldest object with a rule for it, since connections come before
 * requests. What the others want is never weakened: their requests are refused, and both sides are told.
 *
 * Costs next to nothing as long as no route names a TLSOption.
 */
export class TlsHosts {
  readonly #claims = new Set<Claim>();
  /** By `ENTRYPOINT/HOST`; null until a route first names a TLSOption. */
  #places: Map<string, Place> | null = null;
  /** The places with a wildcard, or any host, where somebody wants something else than the default. */
  readonly #wide = new Set<string>();
  readonly #settled = new Map<string, TlsHost>();
  readonly #told = new Set<string>();
  #touched = new Set<string>();
  #changes = new Map<Id, TlsHost | null>();
  #problems = new Map<string, readonly Problem[]>();

  add(claim: Claim): void {
    if (claim.router.parents !== undefined) return;
    this.#claims.add(claim);
    if (this.#places !== null) this.#enter(claim, this.#places);
    else if (claim.router.tlsOption !== undefined) this.#begin();
  }

  remove(claim: Claim): void {
    if (!this.#claims.delete(claim) || this.#places === null) return;
    for (const key of placesOf(claim.router)) {
      const place = this.#places.get(key);
      place?.claims.delete(claim);
      if (place?.claims.size === 0) this.#places.delete(key);
      this.#touched.add(key);
    }
  }

  /** What is a resource now by its id, and null for what no longer is, since the last call. */
  takeChanges(): ReadonlyMap<Id, TlsHost | null> {
    for (const key of this.#touched) if (isWide(key)) this.#noteWide(key);
    for (const key of this.#touched) this.#settle(key);
    this.#touched = new Set();
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }

  /** The problems of each host for which they changed since the last call, by its name. To be asked after `takeChanges`. */
  takeProblems(): ReadonlyMap<string, readonly Problem[]> {
    const problems = this.#problems;
    this.#problems = new Map();
    return problems;
  }

  #begin(): void {
    this.#places = new Map();
    for (const claim of this.#claims) this.#enter(claim, this.#places);
  }

  #enter(claim: Claim, places: Map<string, Place>): void {
    for (const key of placesOf(claim.router)) {
      let place = places.get(key);
      if (place === undefined) {
        const slash = key.indexOf("/");
        place = { entryPoint: key.slice(0, slash), host: key.slice(slash + 1), claims: new Set() };
        places.set(key, place);
      }
      place.claims.add(claim);
      this.#touched.add(key);
    }
  }

  /** Notes whether a wildcard wants something; when that is new, every host below it is to be looked at anew. */
  #noteWide(key: string): void {
    const place = this.#places?.get(key);
    const wants = place !== undefined && [...place.claims].some(({ router }) => router.tlsOption !== undefined);
    if (wants === this.#wide.has(key)) return;
    if (wants) this.#wide.add(key);
    else this.#wide.delete(key);
    for (const other of this.#places?.keys() ?? []) if (widerThan(other).includes(key)) this.#touched.add(other);
  }

  #settle(key: string): void {
    const place = this.#places?.get(key);
    const winner = place === undefined ? undefined : oldestOf(place.claims);
    const option = winner?.router.tlsOption;
    const isNeeded = winner !== undefined && (option !== undefined || widerThan(key).some((wider) => this.#wide.has(wider)));
    this.#replace(key, place !== undefined && isNeeded ? hostOf(place, winner) : null);
    const told = place === undefined || winner === undefined ? [] : conflictsAt(place, winner);
    if (told.length > 0) this.#told.add(key);
    else if (!this.#told.delete(key)) return;
    this.#problems.set(key, told);
  }

  #replace(key: string, host: TlsHost | null): void {
    const former = this.#settled.get(key);
    if (host === null) {
      if (former === undefined) return;
      this.#settled.delete(key);
      this.#changes.set(former.id, null);
    } else if (former === undefined || former.option !== host.option || former.origin !== host.origin) {
      this.#settled.set(key, host);
      this.#changes.set(host.id, host);
    }
  }
}

/** The hosts of a router on each of its entry points, as keys. */
function placesOf({ rule, entryPoints }: Router): readonly string[] {
  const { hosts } = ruleKeys(rule, matchers);
  const names = hosts === "any" ? [ANY_HOST] : hosts.map(({ form, value }) => (form === "wildcard" ? `*.${value}` : value));
  return entryPoints.flatMap((entryPoint) => names.map((name) => `${entryPoint}/${name}`));
}

function isWide(key: string): boolean {
  return key.charAt(key.indexOf("/") + 1) === "*";
}

/** The keys a host falls back to where it has nothing of its own. */
function widerThan(key: string): readonly string[] {
  const slash = key.indexOf("/");
  const [entryPoint, host] = [key.slice(0, slash), key.slice(slash + 1)];
  if (host === ANY_HOST) return [];
  const any = `${entryPoint}/${ANY_HOST}`;
  const dot = host.indexOf(".");
  return host.startsWith("*.") || dot < 0 ? [any] : [`${entryPoint}/*${host.slice(dot)}`, any];
}

function oldestOf(claims: ReadonlySet<Claim>): Claim | undefined {
  let oldest: Claim | undefined;
  for (const claim of claims) if (oldest === undefined || compareAge(claim, oldest) < 0) oldest = claim;
  return oldest;
}

/** Age, then the names of objects, then their rules: a total order that does not depend on which came first here. */
function compareAge({ router: a }: Claim, { router: b }: Claim): number {
  if (a.rank.createdAtMs !== b.rank.createdAtMs) return a.rank.createdAtMs - b.rank.createdAtMs;
  if (a.rank.object !== b.rank.object) return a.rank.object < b.rank.object ? -1 : 1;
  return a.rank.index - b.rank.index || (a.id < b.id ? -1 : 1);
}

function hostOf({ entryPoint, host }: Place, { router }: Claim): TlsHost {
  const id = resourceId("tlsHost", { kind: "EntryPoint", namespace: "", name: entryPoint }, host);
  const { origin, tlsOption } = router;
  return { id, origin, entryPoint, host, ...(tlsOption === undefined ? {} : { option: tlsOption }) };
}

function conflictsAt({ entryPoint, host, claims }: Place, winner: Claim): readonly Problem[] {
  const losers = [...claims].filter(({ router }) => router.tlsOption !== winner.router.tlsOption).sort(compareAge);
  if (losers.length === 0) return [];
  const where = `host \`${host}\` on "${entryPoint}"`;
  const lost = losers.map((claim) => {
    const message = `${nameClaim(winner, claim)} is older and wants ${wish(winner)} for ${where}, this rule ${wish(claim)}: its requests are answered 421.`;
    return problem("TLSOptionConflict", claim.router.origin, claim.field, message, HINT);
  });
  const named = losers.slice(0, NAMED_MAX).map((loser) => nameClaim(loser, winner));
  const more = losers.length > NAMED_MAX ? ` and ${losers.length - NAMED_MAX} more` : "";
  const verb = losers.length === 1 ? "wants" : "want";
  const message = `${named.join(", ")}${more} ${verb} other TLS options for ${where}; those of this rule count.`;
  return [problem("TLSOptionConflict", winner.router.origin, winner.field, message, HINT), ...lost];
}

const HINT = "Give all routes of a host the same tls.options, or a host of their own.";

function wish({ router: { tlsOption } }: Claim): string {
  if (tlsOption === undefined) return "the default TLS options";
  if (tlsOption === null) return "TLS options that cannot be had";
  return `TLSOption "${tlsOption.split("/").slice(1, 3).join("/")}"`;
}
