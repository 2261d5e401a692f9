import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { Backoff } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { ResolvedName } from "../messages.ts";
import { within } from "./within.ts";

/** A name is asked for again after its TTL, held within these bounds. */
const REFRESH_LEAST_MS = 1_000;
const REFRESH_MOST_MS = 300_000;

/** Pauses after a failure; what was known before stays in use. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** How long a swap waits for names it has not seen before. */
const FIRST_ANSWER_MS = 2_000;

/** Most names looked after at a time; further ones do not resolve. */
const NAMES_MAX = 10_000;

/** Most addresses taken for one name. */
const ADDRESSES_MAX = 64;

/** What asks a name server: c-ares (`node:dns` Resolver), never `getaddrinfo`, which blocks the thread pool. */
export interface NameResolver {
  resolve4(hostname: string, options: { readonly ttl: true }): Promise<readonly TimedAddress[]>;
  resolve6(hostname: string, options: { readonly ttl: true }): Promise<readonly TimedAddress[]>;
  cancel(): void;
}

interface TimedAddress {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

interface Name {
  addresses: readonly string[];
  readonly backoff: Backoff;
  /** Settles when the name has been asked for once. */
  readonly first: Promise<void>;
  cancel: () => void;
}

export interface NamesOptions {
  readonly clock: Clock;
  /** Called with names whose addresses changed. */
  readonly onChange: (names: readonly ResolvedName[]) => void;
  readonly resolver?: NameResolver;
}

/** Addresses of external host names, looked up once for all workers and kept fresh. The last good answer outlives failures. */
export class Names {
  readonly #clock: Clock;
  readonly #onChange: (names: readonly ResolvedName[]) => void;
  readonly #resolver: NameResolver;
  readonly #names = new Map<string, Name>();

  constructor({ clock, onChange, resolver }: NamesOptions) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#resolver = resolver ?? new Resolver({ timeout: 1_000, tries: 3 });
  }

  /** What is known now. */
  known(): readonly ResolvedName[] {
    return [...this.#names].map(([hostname, { addresses }]) => ({ hostname, addresses }));
  }

  /** From now on these names are looked after. Resolves when new ones have been asked for once, or after 2 s. */
  async want(hostnames: readonly string[]): Promise<void> {
    const added = hostnames.filter((hostname) => !this.#names.has(hostname)).slice(0, NAMES_MAX - this.#names.size);
    for (const hostname of added) this.#add(hostname);
    if (added.length === 0) return;
    await within(this.#clock, FIRST_ANSWER_MS, Promise.all(added.map((hostname) => this.#names.get(hostname)?.first)));
  }

  /** Forgets every name but these: what no generation uses any more. */
  keepOnly(hostnames: readonly string[]): void {
    const wanted = new Set(hostnames);
    for (const [hostname, name] of this.#names) {
      if (wanted.has(hostname)) continue;
      name.cancel();
      this.#names.delete(hostname);
    }
  }

  stop(): void {
    for (const name of this.#names.values()) name.cancel();
    this.#names.clear();
    this.#resolver.cancel();
  }

  #add(hostname: string): void {
    const addresses = fixedAddresses(hostname);
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
    const name: Name = { addresses: addresses ?? [], backoff, first: Promise.resolve(), cancel: () => {} };
    this.#names.set(hostname, name);
    if (addresses) this.#onChange([{ hostname, addresses }]);
    else Object.assign(name, { first: this.#ask(hostname, name) });
  }

  /** Asks once, tells what changed, and plans the next time. Never rejects. */
  async #ask(hostname: string, name: Name): Promise<void> {
    const answer = await this.#resolve(hostname);
    if (this.#names.get(hostname) !== name) return;
    if (answer) {
      name.backoff.reset();
      const isNew = answer.addresses.join() !== name.addresses.join();
      name.addresses = answer.addresses;
      if (isNew) this.#onChange([{ hostname, addresses: answer.addresses }]);
    }
    name.cancel = this.#clock.after(answer ? answer.refreshMs : name.backoff.next(), () => void this.#ask(hostname, name));
  }

  /** Both families; null when neither has an address. */
  async #resolve(hostname: string): Promise<{ readonly addresses: readonly string[]; readonly refreshMs: number } | null> {
    const families = await Promise.allSettled([
      this.#resolver.resolve4(hostname, { ttl: true }),
      this.#resolver.resolve6(hostname, { ttl: true }),
    ]);
    const records = families.flatMap((family) => (family.status === "fulfilled" ? family.value : []));
    if (records.length === 0) return null;
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
    // Sorted: name servers turn the order around, and that is no change.
    const addresses = [...new Set(records.map(({ address }) => address))].sort().slice(0, ADDRESSES_MAX);
    return { addresses, refreshMs: Math.min(Math.max(ttlMs, REFRESH_LEAST_MS), REFRESH_MOST_MS) };
  }
}

/** Addresses that need no name server: IP literals, and `localhost` (RFC 6761 §6.3). */
function fixedAddresses(hostname: string): readonly string[] | null {
  if (isIP(hostname) !== 0) return [hostname];
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost") ? ["127.0.0.1", "::1"] : null;
}
