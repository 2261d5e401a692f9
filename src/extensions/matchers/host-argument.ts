import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { excerpt } from "../../rules/rule-error.ts";

const NAME_LENGTH_MAX = 253;
/** Labels of at most 63 characters (RFC 1123), none of which begins or ends with a hyphen, joined by dots. */
const NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Why a text cannot be a host in canonical form (lower case, no port, no trailing dot), with what to write instead; null when it can. */
export function hostProblem(host: string): { readonly message: string; readonly hint: string } | null {
  if (isBracketed(host) || isName(host)) return null;
  const shown = excerpt(host);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII is what this looks for
  if (/[^\u0000-\u007f]/.test(host)) {
    const ascii = domainToASCII(host);
    return { message: `host ${shown} is not ASCII`, hint: !isName(ascii) ? "" : `write ${JSON.stringify(ascii)}` };
  }
  const portless = host.replace(/:\d*$/, "");
  if (portless !== host && (isBracketed(portless) || isName(portless))) {
    return { message: `host ${shown} has a port`, hint: `write ${JSON.stringify(portless)}: hosts are compared without port` };
  }
  if (host.includes("*")) {
    return {
      message: `host ${shown} has a wildcard that is not its whole first label`,
      hint: "use HostRegexp for other patterns",
    };
  }
  if (isIPv6(host)) return { message: `host ${shown} lacks brackets`, hint: `write ${JSON.stringify(`[${host}]`)}` };
  return {
    message: `${shown} is not a host name`,
    hint: "a host is labels of letters, digits, hyphens and underscores, joined by dots",
  };
}

function isBracketed(host: string): boolean {
  return host.startsWith("[") && host.endsWith("]") && isIPv6(host.slice(1, -1));
}

function isName(host: string): boolean {
  return host.length <= NAME_LENGTH_MAX && NAME.test(host);
}
