import { BlockList, isIP } from "node:net";

/** Whether a text is an IP address or a range of them, as in `10.0.0.7`, `10.0.0.0/8` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [address = "", bits] = text.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  try {
    if (bits === undefined) new BlockList().addAddress(address, family);
    else new BlockList().addSubnet(address, Number(bits), family);
    return true;
  } catch {
    return false;
  }
}
