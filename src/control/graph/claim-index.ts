import type { Alternative } from "../../rules/alternatives.ts";
import type { Literal } from "../../rules/literal.ts";
import type { Claim } from "./claim.ts";
import { SortedList } from "./sorted-list.ts";

/** One alternative of a claim, at the place where its host and path put it. */
export interface Entry {
  readonly claim: Claim;
  readonly alternative: Alternative;
  readonly host: string;
  readonly form: PlaceForm;
  /** "" where no path is pinned down. */
  readonly path: string;
}

type PlaceForm = "exact" | "prefix" | "any";

/** Alternatives that pin down the same host and the same path (exact, or as a prefix of characters or segments). */
export interface Place {
  /** A host, `*.` and a suffix for one label more, or `*`. */
  readonly host: string;
  readonly form: PlaceForm;
  readonly path: string;
  readonly entries: Set<Entry>;
}

export const ANY_HOST = "*";

/** Prefixes of one path that are looked at under one host, the shortest first: those that cover most. */
export const PREFIXES_MAX = 32;

/** The entries of a claim. */
export function entriesOf(claim: Claim): readonly Entry[] {
  return (claim.alternatives ?? []).map((alternative) => ({
    claim,
    alternative,
    host: hostOf(alternative),
    ...pathOf(alternative),
  }));
}

/** Entries by place. What covers an entry stands at its place or above it: at a wider host, at a shorter path. */
export class ClaimIndex {
  readonly #hosts = new Map<string, HostPlaces>();
  /** Hosts in use by what follows their first label. */
  readonly #children = new Map<string, Set<string>>();
  /** The places of all hosts by path: what stands below a place for any host. */
  readonly #paths = new Map<string, PathPlaces>();
  readonly #ordered = new SortedList<PathPlaces>((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

  /** Adds an entry; its place. */
  add(entry: Entry): Place {
    let host = this.#hosts.get(entry.host);
    if (host === undefined) {
      host = new HostPlaces(entry.host);
      this.#hosts.set(entry.host, host);
      this.#noteChild(entry.host);
    }
    const place = host.add(entry);
    if (place.entries.size === 1) this.#notePath(place);
    return place;
  }

  /** Takes an entry out; the place it had. */
  remove(entry: Entry): Place | undefined {
    const host = this.#hosts.get(entry.host);
    const place = host?.remove(entry);
    if (host?.isEmpty === true) {
      this.#hosts.delete(entry.host);
      this.#forgetChild(entry.host);
    }
    if (place?.entries.size === 0) this.#forgetPath(place);
    return place;
  }

  /** Whether all prefixes of a host are looked at, and were before the last change. */
  seesAllPrefixes(host: string): boolean {
    return (this.#hosts.get(host)?.prefixCount ?? 0) < PREFIXES_MAX;
  }

  /** The places where something that covers an entry may stand. */
  above(entry: Entry): readonly Place[] {
    const { host } = entry;
    const found = [...(this.#hosts.get(host)?.above(entry) ?? [])];
    if (host === ANY_HOST) return found;
    const suffix = suffixOf(host);
    if (suffix !== null && !host.startsWith("*.")) found.push(...(this.#hosts.get(`*.${suffix}`)?.above(entry) ?? []));
    found.push(...(this.#hosts.get(ANY_HOST)?.above(entry) ?? []));
    return found;
  }

  /** Visits the places whose entries have this place above them. Returns how many it has looked at. */
  visitBelow(place: Place, visit: (below: Place) => void): number {
    let looks = 0;
    if (place.host === ANY_HOST) {
      for (const { places } of this.#pathsBelow(place)) {
        for (const below of places) if (isBelow(below, place)) visit(below);
        looks += places.size;
      }
      return looks;
    }
    const children = place.host.startsWith("*.") ? (this.#children.get(place.host.slice(2)) ?? []) : [];
    for (const host of [place.host, ...children]) looks += this.#hosts.get(host)?.visitBelow(place, visit) ?? 0;
    return looks;
  }

  /** How many places `visitBelow` would look at for a place of any host; no more than `max` are counted. */
  countBelow(place: Place, max: number): number {
    let count = 0;
    for (const { places } of this.#pathsBelow(place)) {
      count += places.size;
      if (count >= max) return max;
    }
    return count;
  }

  *#pathsBelow({ form, path }: Place): Generator<PathPlaces> {
    const first = this.#ordered.position((other) => (other.path < path ? -1 : 0));
    for (const one of this.#ordered.from(first)) {
      if (form === "exact" ? one.path !== path : !one.path.startsWith(path)) return;
      yield one;
    }
  }

  #notePath(place: Place): void {
    let paths = this.#paths.get(place.path);
    if (paths === undefined) {
      paths = { path: place.path, places: new Set() };
      this.#paths.set(place.path, paths);
      this.#ordered.add(paths);
    }
    paths.places.add(place);
  }

  #forgetPath(place: Place): void {
    const paths = this.#paths.get(place.path);
    if (paths === undefined || !paths.places.delete(place) || paths.places.size > 0) return;
    this.#paths.delete(place.path);
    this.#ordered.delete(paths);
  }

  #noteChild(host: string): void {
    const suffix = suffixOf(host);
    if (suffix === null || host.startsWith("*")) return;
    const children = this.#children.get(suffix);
    if (children === undefined) this.#children.set(suffix, new Set([host]));
    else children.add(host);
  }

  #forgetChild(host: string): void {
    const suffix = suffixOf(host);
    if (suffix === null) return;
    const children = this.#children.get(suffix);
    children?.delete(host);
    if (children?.size === 0) this.#children.delete(suffix);
  }
}

interface PathPlaces {
  readonly path: string;
  readonly places: Set<Place>;
}

/** Whether the path of an entry or a place is one that `place` is above. */
export function isBelow({ form, path }: Pick<Place, "form" | "path">, place: Pick<Place, "form" | "path">): boolean {
  return place.form === "exact" ? form === "exact" && path === place.path : path.startsWith(place.path);
}

/** The places of one host. Most hosts have few, so that what is empty is not there. */
class HostPlaces {
  #exact: Map<string, Place> | null = null;
  #prefix: Map<string, Place> | null = null;
  #any: Place | null = null;
  readonly #host: string;
  /** Lengths of the prefixes in use, ascending; null when they have to be found anew. */
  #lengths: readonly number[] | null = [];

  constructor(host: string) {
    this.#host = host;
  }

  get prefixCount(): number {
    return this.#prefix?.size ?? 0;
  }

  get isEmpty(): boolean {
    return this.#any === null && this.#exact === null && this.#prefix === null;
  }

  add(entry: Entry): Place {
    const place = this.#find(entry) ?? this.#make(entry);
    place.entries.add(entry);
    return place;
  }

  remove(entry: Entry): Place | undefined {
    const place = this.#find(entry);
    place?.entries.delete(entry);
    if (place?.entries.size === 0) this.#drop(place);
    return place;
  }

  /** Visits the places whose path is below that of `place`. Returns how many it has looked at. */
  visitBelow({ form, path }: Place, visit: (below: Place) => void): number {
    if (form === "exact") {
      const place = this.#exact?.get(path);
      if (place !== undefined) visit(place);
      return 1;
    }
    if (this.#exact !== null) for (const place of this.#exact.values()) if (place.path.startsWith(path)) visit(place);
    if (this.#prefix !== null) for (const place of this.#prefix.values()) if (place.path.startsWith(path)) visit(place);
    if (form === "any" && this.#any !== null) visit(this.#any);
    return (this.#exact?.size ?? 0) + (this.#prefix?.size ?? 0) + 1;
  }

  above({ form, path }: Entry): readonly Place[] {
    const found = this.#any === null ? [] : [this.#any];
    if (form === "any") return found;
    const exact = form === "exact" ? this.#exact?.get(path) : undefined;
    if (exact !== undefined) found.push(exact);
    if (this.#prefix === null) return found;
    this.#lengths ??= [...new Set([...this.#prefix.keys()].map((prefix) => prefix.length))].sort((a, b) => a - b);
    let prefixes = 0;
    for (const length of this.#lengths) {
      if (length > path.length || prefixes === PREFIXES_MAX) break;
      const place = this.#prefix.get(path.slice(0, length));
      if (place === undefined) continue;
      prefixes++;
      found.push(place);
    }
    return found;
  }

  #find({ form, path }: Entry): Place | undefined {
    if (form === "any") return this.#any ?? undefined;
    return form === "exact" ? this.#exact?.get(path) : this.#prefix?.get(path);
  }

  #make({ form, path }: Entry): Place {
    const place: Place = { host: this.#host, form, path, entries: new Set() };
    if (form === "any") this.#any = place;
    else if (form === "exact") {
      this.#exact ??= new Map();
      this.#exact.set(path, place);
    } else {
      this.#prefix ??= new Map();
      this.#prefix.set(path, place);
      this.#lengths = null;
    }
    return place;
  }

  #drop({ form, path }: Place): void {
    if (form === "any") this.#any = null;
    else if (form === "exact") {
      this.#exact?.delete(path);
      if (this.#exact?.size === 0) this.#exact = null;
    } else {
      this.#prefix?.delete(path);
      if (this.#prefix?.size === 0) this.#prefix = null;
      this.#lengths = null;
    }
  }
}

function suffixOf(host: string): string | null {
  const dot = host.indexOf(".");
  return dot > 0 ? host.slice(dot + 1) : null;
}

function hostOf(alternative: Alternative): string {
  const literals = alternative.filter((literal) => isAbout(literal, "host"));
  const exact = literals.find((literal) => literal.scope.form === "exact");
  if (exact !== undefined) return exact.scope.value;
  const label = literals.find((literal) => literal.scope.form === "label");
  return label === undefined ? ANY_HOST : `*.${label.scope.value}`;
}

function pathOf(alternative: Alternative): Pick<Entry, "form" | "path"> {
  const literals = alternative.filter((literal) => isAbout(literal, "path"));
  const exact = literals.find((literal) => literal.scope.form === "exact");
  if (exact !== undefined) return { form: "exact", path: exact.scope.value };
  const prefixes = literals.filter(({ scope }) => scope.form === "prefix" || scope.form === "segments");
  const longest = prefixes.map(({ scope }) => scope.value).reduce((a, b) => (b.length > a.length ? b : a), "");
  return longest === "" ? { form: "any", path: "" } : { form: "prefix", path: longest };
}

function isAbout({ isNegated, scope }: Literal, subject: "host" | "path"): boolean {
  return !isNegated && scope.subject === subject;
}
