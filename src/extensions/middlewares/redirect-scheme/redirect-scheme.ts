import { fail, ok, type Result } from "../../../kernel/result.ts";
import { FAILURES } from "../../../model/failure.ts";
import type { RedirectScheme } from "../../../schema/gen/middleware.ts";
import { defineMiddleware, type HookResult, invalidOption, type OptionProblem } from "../contract.ts";
import type { Exchange } from "../exchange.ts";
import { portStart } from "../port-start.ts";

interface RedirectSchemeConfig {
  /** Lower case. */
  readonly scheme: string;
  /** `:8443`, or "" for the scheme's own port. */
  readonly port: string;
  readonly permanent: boolean;
}

/** Redirects to the same URL with another scheme or port; a request whose URL would not change passes. */
export const redirectScheme = defineMiddleware({
  kind: "redirectScheme",
  prepare,
  create(config: RedirectSchemeConfig) {
    return { onRequest: (exchange) => redirect(exchange, config) };
  },
});

function prepare({
  scheme,
  port = "",
  permanent = false,
}: RedirectScheme): Result<RedirectSchemeConfig, readonly OptionProblem[]> {
  const problems: OptionProblem[] = [];
  if (!/^[a-z][a-z0-9+.-]*$/i.test(scheme)) {
    problems.push(invalidOption("scheme", `${JSON.stringify(scheme)} is not a scheme`, 'write "https" or "http"'));
  }
  if (port !== "" && !(/^[0-9]+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    problems.push(invalidOption("port", `${JSON.stringify(port)} is not a port`, "write a number from 1 to 65535"));
  }
  if (problems.length > 0) return fail(problems);
  const target = scheme.toLowerCase();
  return ok({ scheme: target, port: port === "" ? "" : portPart(target, `:${Number(port)}`), permanent });
}

function redirect(exchange: Exchange, { scheme, port, permanent }: RedirectSchemeConfig): HookResult {
  const authority = exchange.authority;
  if (authority === "") return FAILURES.BadHost;
  const hostEnd = portStart(authority);
  if (exchange.scheme === scheme && portPart(scheme, authority.slice(hostEnd)) === port) return undefined;
  const path = exchange.path === "*" ? "" : exchange.path;
  const query = exchange.query === "" ? "" : `?${exchange.query}`;
  return {
    status: redirectStatus(exchange.method, permanent),
    headers: [["location", `${scheme}://${authority.slice(0, hostEnd)}${port}${path}${query}`]],
    body: "",
  };
}

/** A method other than GET must stay the same on the way (RFC 9110 §15.4.8, §15.4.9). */
function redirectStatus(method: string, permanent: boolean): number {
  if (method === "GET") return permanent ? 301 : 302;
  return permanent ? 308 : 307;
}

/** The port as it stands in a URL: nothing where it is the scheme's own. */
function portPart(scheme: string, port: string): string {
  return (scheme === "http" && port === ":80") || (scheme === "https" && port === ":443") ? "" : port;
}
