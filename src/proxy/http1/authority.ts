import { isIPv6 } from "node:net";

/** Longest host name in bytes (RFC 1035 §2.3.4). */
const HOST_BYTES_MAX = 255;
/** A longest host with colon and port: what is longer is no authority, and not worth remembering. */
const AUTHORITY_BYTES_MAX = HOST_BYTES_MAX + 6;

/** Most that are remembered: those that clients ask for are few. */
const PARSED_MAX = 1000;
const parsed = new Map<string, Authority | null>();

/** A Host field or the authority of a target, taken apart. */
export interface Authority {
  /** Canonical: lower case, without a trailing dot; IPv6 in brackets; "" for an empty Host. What rules match. */
  readonly host: string;
  /** Port as written; -1 when absent. */
  readonly port: number;
}

/**
 * Takes an authority apart (RFC 9110 §7.2, RFC 3986 §3.2.2 without userinfo); null when it is not a valid one.
 *
 * Names are letters, digits, `-`, `.` and `_` (which Kubernetes services use in practice); anything else, percent-escapes included,
 * is refused: servers disagree about it.
 */
export function parseAuthority(text: string): Authority | null {
  if (text.length > AUTHORITY_BYTES_MAX) return null;
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const authority = parse(text);
  if (parsed.size >= PARSED_MAX) parsed.clear();
  parsed.set(text, authority);
  return authority;
}

function parse(text: string): Authority | null {
  if (text === "") return { host: "", port: -1 };
  const split = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{0,5}))?$/.exec(text);
  if (split === null) return null;
  const name = split[1] as string;
  const port = split[2] === undefined || split[2] === "" ? -1 : Number(split[2]);
  if (port > 65_535 || name.length > HOST_BYTES_MAX) return null;
  if (name.startsWith("[")) return isIPv6(name.slice(1, -1)) ? { host: name.toLowerCase(), port } : null;
  const host = (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
  return host === "" || host.startsWith(".") || host.includes("..") ? null : { host, port };
}
