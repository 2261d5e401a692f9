import type { BlockList } from "node:net";
import { clientIp, isIn } from "../../matchers/client-ip/client-ip.ts";
import type { TcpMatcher } from "../contract.ts";

/** The connection's peer has this address, or one of this range: the same word as in HTTP rules. */
export const tcpClientIp: TcpMatcher<BlockList> = {
  name: clientIp.name,
  arity: clientIp.arity,
  parse: (args) => clientIp.parse(args),
  test: ({ clientAddress }, range) => isIn(clientAddress, range),
};
