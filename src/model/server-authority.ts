import type { Server } from "./service.ts";

/** The Host by which a server itself is asked for: its address, in brackets where it is one of IPv6, with the port unless that is 80. */
export function serverAuthority({ address, port }: Server): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return port === 80 ? host : `${host}:${port}`;
}
