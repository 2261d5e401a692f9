import { fail, ok, type Result } from "../../../kernel/result.ts";
import type { Headers } from "../../../schema/gen/middleware.ts";
import { defineMiddleware, type HookResult, type Hooks, invalidOption, type OptionProblem } from "../contract.ts";
import type { Exchange } from "../exchange.ts";
import { type CorsConfig, createCors, prepareCors } from "./cors.ts";
import { type CustomHeaders, editRequest, editResponse, isEmpty, prepareCustomHeaders } from "./custom-headers.ts";
import { createSecurity, prepareSecurity, type SecurityConfig } from "./security-headers.ts";

/** Each part is null when no option of it has an effect. */
interface HeadersConfig {
  readonly security: SecurityConfig | null;
  readonly cors: CorsConfig | null;
  readonly custom: CustomHeaders | null;
}

/**
 * Sets and removes headers. A request passes allowedHosts, then CORS preflight, then its own headers are edited; a response gets
 * the security headers, then those of CORS, then the custom ones, which therefore win.
 */
export const headers = defineMiddleware({
  kind: "headers",
  prepare,
  create,
});

/** What became of options that other systems still know. */
const RETIRED: readonly (readonly [option: keyof Headers, hint: string])[] = [
  ["sslRedirect", "use the middleware redirectScheme"],
  ["sslTemporaryRedirect", "use the middleware redirectScheme"],
  ["sslHost", "use the middleware redirectRegex"],
  ["sslForceHost", "use the middleware redirectRegex"],
  ["featurePolicy", "use permissionsPolicy"],
];

function prepare(spec: Headers): Result<HeadersConfig, readonly OptionProblem[]> {
  const problems: OptionProblem[] = [];
  for (const [option, hint] of RETIRED) {
    if (spec[option])
      problems.push({ code: "NotSupported", field: option, message: `${option} is deprecated and has no effect`, hint });
  }
  const custom = prepareCustomHeaders(spec, problems);
  const cors = prepareCors(spec, problems);
  const security = prepareSecurity(spec, problems);
  if (problems.length > 0) return fail(problems);
  if (custom === null && cors === null && security === null && spec.isDevelopment !== true) {
    return fail([invalidOption("", "no option has an effect", "set one, or remove the middleware")]);
  }
  return ok({ security, cors, custom });
}

function create(config: HeadersConfig): Hooks {
  const { custom } = config;
  const security = config.security && createSecurity(config.security);
  const cors = config.cors && createCors(config.cors);
  const onRequest = (exchange: Exchange): HookResult => {
    const answer = security?.refuseHost(exchange) ?? cors?.preflight(exchange);
    if (answer !== undefined) return answer;
    if (custom !== null) editRequest(exchange, custom);
    return undefined;
  };
  const onResponse = (exchange: Exchange): void => {
    security?.editResponse(exchange);
    cors?.editResponse(exchange);
    if (custom !== null) editResponse(exchange, custom);
  };
  return { ...(actsOnRequest(config) ? { onRequest } : {}), ...(actsOnResponse(config) ? { onResponse } : {}) };
}

function actsOnRequest({ security, cors, custom }: HeadersConfig): boolean {
  const editsRequest = custom !== null && (custom.authority !== null || !isEmpty(custom.request));
  return editsRequest || cors !== null || (security !== null && security.allowedHosts.length > 0);
}

function actsOnResponse({ security, cors, custom }: HeadersConfig): boolean {
  const addsSecurity = security !== null && security.always.length + security.overTls.length > 0;
  return addsSecurity || cors !== null || (custom !== null && !isEmpty(custom.response));
}
