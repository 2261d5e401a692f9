import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";

/** Limits of `status.hosts`, as the schema says. */
export const HOSTS_MAX = 64;
const HOST_LENGTH_MAX = 512;

/** The hosts that routers ask for, for the column: names as they are written, expressions between slashes, each once, in order. */
export function hostsOf(routers: readonly Pick<Router, "rule">[]): string[] {
  const hosts = new Set<string>();
  for (const { rule } of routers) collect(rule, hosts);
  return [...hosts];
}

/** What a negated term excludes is not asked for. */
function collect(rule: Rule, hosts: Set<string>): void {
  if (rule.op === "and" || rule.op === "or") for (const term of rule.terms) collect(term, hosts);
  if (rule.op !== "match") return;
  for (const arg of rule.args) {
    const host = hostIn(rule.matcher, arg);
    if (host !== null && host !== "*" && host.length <= HOST_LENGTH_MAX && hosts.size < HOSTS_MAX) hosts.add(host);
  }
}

function hostIn(matcher: string, arg: string): string | null {
  if (matcher === "Host" || matcher === "HostSNI") return arg;
  return matcher === "HostRegexp" || matcher === "HostSNIRegexp" ? `/${arg}/` : null;
}
