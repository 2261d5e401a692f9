import { alpn } from "./alpn/alpn.ts";
import { tcpClientIp } from "./client-ip/client-ip.ts";
import type { TcpMatcher, TcpMatcherTable } from "./contract.ts";
import { hostSni } from "./host-sni/host-sni.ts";
import { hostSniRegexp } from "./host-sni-regexp/host-sni-regexp.ts";

/** Every TCP matcher by canonical name. */
export const tcpMatchers: TcpMatcherTable = new Map<string, TcpMatcher>([
  [alpn.name, alpn],
  [tcpClientIp.name, tcpClientIp],
  [hostSni.name, hostSni],
  [hostSniRegexp.name, hostSniRegexp],
]);
