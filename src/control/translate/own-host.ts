import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addSubnet("0.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addAddress("::", "ipv6");

/**
 * Whether an address or name leads to the proxy's own host: loopback, the unspecified address (which connects to loopback), their
 * IPv4-mapped forms, and `localhost` (RFC 6761 §6.3).
 */
export function isOwnHost(address: string): boolean {
  const version = isIP(address);
  if (version !== 0) return LOOPBACK.check(address, version === 4 ? "ipv4" : "ipv6");
  const name = address.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost");
}
