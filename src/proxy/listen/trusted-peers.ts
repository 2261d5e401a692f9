import { BlockList, isIPv6 } from "node:net";

/** Which peers' X-Forwarded-* fields are believed: those in a list of CIDRs. */
export class TrustedPeers {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** Entries that are no CIDR and no address are left out: the operator has told about them. */
  constructor(cidrs: readonly string[]) {
    this.#isEmpty = cidrs.length === 0;
    for (const cidr of cidrs) this.#add(cidr);
  }

  has(address: string): boolean {
    return !this.#isEmpty && this.#list.check(address, familyOf(address));
  }

  #add(cidr: string): void {
    const [address = "", bits] = cidr.split("/");
    const family = familyOf(address);
    try {
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    } catch {
      // Not an address: it trusts nobody.
    }
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/** A peer's address in the form rules and headers use: an IPv4 address in IPv6 clothes as IPv4, no zone. */
export function plainAddress(address: string): string {
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  const zone = plain.indexOf("%");
  return zone < 0 ? plain : plain.slice(0, zone);
}
