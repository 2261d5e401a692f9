import { fail, ok } from "../../../kernel/result.ts";
import { configuredPath } from "../configured-path.ts";
import { defineMiddleware, type HookResult, type OptionProblem } from "../contract.ts";
import type { Exchange } from "../exchange.ts";

interface StripPrefixConfig {
  /** In canonical form, as paths are. */
  readonly prefixes: readonly string[];
}

/**
 * Removes the first prefix that fits, and tells the upstream in `X-Forwarded-Prefix`.
 *
 * Both sides are canonical, so what a prefix fits is what the upstream would have seen. What is left must be canonical again:
 * `/api../admin` without `/api` would be a step upwards, and is refused.
 */
export const stripPrefix = defineMiddleware({
  kind: "stripPrefix",
  prepare({ prefixes, forceSlash }) {
    const problems: OptionProblem[] = [];
    if (forceSlash === false) {
      const message = "a path without its beginning slash cannot be sent";
      problems.push({ code: "NotSupported", field: "forceSlash", message, hint: "remove forceSlash" });
    }
    const paths = prefixes.map((prefix, index) => configuredPath(prefix, `prefixes[${index}]`));
    for (const path of paths) if (!path.ok) problems.push(path.error);
    if (problems.length > 0) return fail(problems);
    return ok({ prefixes: paths.flatMap((path) => (path.ok ? [path.value] : [])) });
  },
  create({ prefixes }: StripPrefixConfig) {
    return { onRequest: (exchange) => strip(exchange, prefixes) };
  },
});

function strip(exchange: Exchange, prefixes: readonly string[]): HookResult {
  const path = exchange.path;
  for (const prefix of prefixes) {
    if (!path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    const failure = exchange.rewritePath(rest.startsWith("/") ? rest : `/${rest}`);
    if (failure === undefined) exchange.addRequestHeader("x-forwarded-prefix", prefix);
    return failure;
  }
  return undefined;
}
