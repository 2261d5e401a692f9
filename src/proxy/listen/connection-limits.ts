import type { EntryPoint } from "../../model/entry-point.ts";
import { REFUSED, type SharedTally, UNCOUNTED } from "./shared-tally.ts";

/** What one connection counts in; mutable, since its client's address may be known later than the connection. */
export interface Place {
  entryPoint: number;
  address: number;
  /** Of those that are upgraded. */
  upgrade: number;
}

/** Whether a connection may come in: how many an entry point, and one client address there, have open at a time over all workers. */
export class ConnectionLimits {
  readonly #tally: SharedTally;

  constructor(tally: SharedTally) {
    this.#tally = tally;
  }

  /** Counts a connection to an entry point; null when there are as many as it may have. */
  enter({ name, policy }: EntryPoint): Place | null {
    const most = policy?.connectionsMax ?? 0;
    const entryPoint = most === 0 ? UNCOUNTED : this.#tally.enter(name, most);
    return entryPoint === REFUSED ? null : { entryPoint, address: UNCOUNTED, upgrade: UNCOUNTED };
  }

  /** Counts it for its client's address; false when that one has as many as it may have. */
  enterAs(address: string, { name, policy }: EntryPoint, place: Place): boolean {
    const most = policy?.connectionsPerAddressMax ?? 0;
    if (most === 0) return true;
    const entered = this.#tally.enter(`${name} ${clientOf(address)}`, most);
    if (entered !== REFUSED) place.address = entered;
    return entered !== REFUSED;
  }

  /** Counts it among those that are upgraded; false when there are as many as there may be. Once is enough. */
  enterUpgrade({ name, policy }: EntryPoint, place: Place): boolean {
    const most = policy?.upgradedConnectionsMax ?? 0;
    if (most === 0 || place.upgrade >= 0) return true;
    const entered = this.#tally.enter(`${name} upgraded`, most);
    if (entered !== REFUSED) place.upgrade = entered;
    return entered !== REFUSED;
  }

  leaveUpgrade(place: Place): void {
    this.#tally.leave(place.upgrade);
    place.upgrade = UNCOUNTED;
  }

  /** The connection is gone. Harmless when it was said before. */
  leave(place: Place): void {
    this.#tally.leave(place.entryPoint);
    this.#tally.leave(place.address);
    this.leaveUpgrade(place);
    place.entryPoint = UNCOUNTED;
    place.address = UNCOUNTED;
  }
}

/** Who is one client: an IPv4 address, or the 64 bits of an IPv6 address that a network gives to one site (RFC 6177). */
export function clientOf(address: string): string {
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before === "" ? [] : before.split(":");
  if (after !== undefined) {
    const behind = after === "" ? [] : after.split(":");
    // An IPv4 address at the end stands for two groups.
    while (groups.length + behind.length + (after.includes(".") ? 1 : 0) < 8) groups.push("0");
    groups.push(...behind);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":");
}
