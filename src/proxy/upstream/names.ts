import type { ResolvedName } from "../messages.ts";

/** The addresses of external names, as the supervisor resolved them. Workers never ask a name server. */
export class Names {
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #listeners = new Set<() => void>();

  /** IP addresses of a name; empty when it has none, or is not known yet. */
  addressesOf(hostname: string): readonly string[] {
    return this.#addresses.get(hostname) ?? [];
  }

  /** Takes news; whoever subscribed is told when something in them is new. */
  update(names: readonly ResolvedName[]): void {
    let changed = false;
    for (const { hostname, addresses } of names) {
      if (sameList(this.#addresses.get(hostname), addresses)) continue;
      this.#addresses.set(hostname, addresses);
      changed = true;
    }
    if (changed) for (const listener of this.#listeners) listener();
  }

  /** Forgets every name but these. Nobody is told: what used the others is gone, or about to be. */
  keepOnly(hostnames: readonly string[]): void {
    if (this.#addresses.size === 0) return;
    const wanted = new Set(hostnames);
    for (const hostname of this.#addresses.keys()) if (!wanted.has(hostname)) this.#addresses.delete(hostname);
  }

  /** Calls `listener` after each change; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function sameList(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((item, index) => item === b[index]);
}
