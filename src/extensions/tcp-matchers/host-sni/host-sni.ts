import { isIP } from "node:net";
import { fail, ok } from "../../../kernel/result.ts";
import { excerpt } from "../../../rules/rule-error.ts";
import { hostProblem } from "../../matchers/host-argument.ts";
import type { ServerNameKey, TcpMatcher } from "../contract.ts";

/**
 * The connection's server name is this one. Case and a trailing dot do not matter. `*.example.com` stands for exactly one label more,
 * `*` for every connection, with and without server name.
 */
export const hostSni: TcpMatcher<ServerNameKey> = {
  name: "HostSNI",
  arity: { min: 1, max: 1 },
  parse: ([text]) => {
    const written = (text as string).toLowerCase();
    if (written === "*") return ok({ form: "any", value: "" });
    const canonical = written.endsWith(".") ? written.slice(0, -1) : written;
    const form = canonical.startsWith("*.") ? "wildcard" : "exact";
    const value = form === "wildcard" ? canonical.slice(2) : canonical;
    const problem = isAddress(value) ? addressProblem(value) : hostProblem(value);
    return problem === null ? ok({ form, value }) : fail({ argument: 0, code: "InvalidRule", ...problem });
  },
  test: ({ serverName }, { form, value }) => {
    if (form === "exact") return serverName === value;
    return form === "any" || hasOneLabelMore(serverName, value);
  },
  key: (arg) => arg,
};

function isAddress(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

/** RFC 6066 §3. */
function addressProblem(value: string) {
  return {
    message: `${excerpt(value)} is an IP address, which no client sends as server name`,
    hint: "write HostSNI(`*`), and the address in ClientIP if it is the client's",
  };
}

/** Whether `name` is one non-empty label, a dot, and `rest`. */
function hasOneLabelMore(name: string, rest: string): boolean {
  const dot = name.indexOf(".");
  return dot > 0 && name.length === dot + 1 + rest.length && name.endsWith(rest);
}
