import { compileRegex, type LinearRegex } from "../../../rules/linear-regex.ts";
import type { Headers } from "../../../schema/gen/middleware.ts";
import { headerValueProblem } from "../configured-header.ts";
import type { OptionProblem } from "../contract.ts";
import type { Exchange, Reply } from "../exchange.ts";

/** CORS as the Fetch standard has it; header values are ready to send, "" where a header is not sent. */
export interface CorsConfig {
  readonly origins: readonly string[];
  /** RE2 syntax, tried by `prepareCors`. */
  readonly originPatterns: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowHeaders: string;
  readonly allowMethods: string;
  readonly exposeHeaders: string;
  readonly maxAge: string;
  readonly addVary: boolean;
}

/** CORS at work. */
export interface Cors {
  /** The answer to a preflight; undefined when the request is none. */
  preflight(exchange: Exchange): Reply | undefined;
  /** Tells the client which origins may read the response. */
  editResponse(exchange: Exchange): void;
}

/** Checks and normalises the `accessControl…` options; null when none has an effect. */
export function prepareCors(spec: Headers, problems: OptionProblem[]): CorsConfig | null {
  const config: CorsConfig = {
    origins: spec.accessControlAllowOriginList ?? [],
    originPatterns: spec.accessControlAllowOriginListRegex ?? [],
    allowCredentials: spec.accessControlAllowCredentials ?? false,
    allowHeaders: joined(spec.accessControlAllowHeaders, "accessControlAllowHeaders", problems),
    allowMethods: joined(spec.accessControlAllowMethods, "accessControlAllowMethods", problems),
    exposeHeaders: joined(spec.accessControlExposeHeaders, "accessControlExposeHeaders", problems),
    maxAge: String(spec.accessControlMaxAge ?? 0),
    addVary: spec.addVaryHeader ?? false,
  };
  for (const [index, pattern] of config.originPatterns.entries()) {
    const regex = compileRegex(pattern);
    const field = `accessControlAllowOriginListRegex[${index}]`;
    if (!regex.ok) problems.push({ code: "InvalidRegex", field, ...regex.error });
  }
  return hasEffect(config) ? config : null;
}

export function createCors(config: CorsConfig): Cors {
  const origins = new Set(config.origins);
  const patterns = config.originPatterns.map(compiled);
  const allowed = (origin: string): string | null => {
    if (origins.has("*")) return config.allowCredentials ? origin : "*";
    return origins.has(origin) || patterns.some((pattern) => pattern.test(origin)) ? origin : null;
  };
  return {
    preflight(exchange) {
      if (exchange.method !== "OPTIONS" || exchange.requestHeader("access-control-request-method") === null) return undefined;
      const origin = exchange.requestHeader("origin");
      return origin === null ? undefined : preflightReply(config, allowed(origin));
    },
    editResponse(exchange) {
      const origin = exchange.requestHeader("origin");
      const allowedOrigin = origin === null ? null : allowed(origin);
      if (allowedOrigin !== null) exchange.setResponseHeader("access-control-allow-origin", allowedOrigin);
      if (config.allowCredentials) exchange.setResponseHeader("access-control-allow-credentials", "true");
      if (config.exposeHeaders !== "") exchange.setResponseHeader("access-control-expose-headers", config.exposeHeaders);
      if (config.addVary && !variesByOrigin(exchange)) exchange.addResponseHeader("vary", "Origin");
    },
  };
}

/** A preflight is always answered here, whatever its origin: without `access-control-allow-origin` the client refuses by itself. */
function preflightReply(config: CorsConfig, allowedOrigin: string | null): Reply {
  const headers: [string, string][] = [];
  if (allowedOrigin !== null) headers.push(["access-control-allow-origin", allowedOrigin]);
  if (config.allowCredentials) headers.push(["access-control-allow-credentials", "true"]);
  if (config.allowHeaders !== "") headers.push(["access-control-allow-headers", config.allowHeaders]);
  if (config.allowMethods !== "") headers.push(["access-control-allow-methods", config.allowMethods]);
  headers.push(["access-control-max-age", config.maxAge]);
  if (config.addVary) headers.push(["vary", "Origin"]);
  return { status: 200, headers, body: "" };
}

function variesByOrigin(exchange: Exchange): boolean {
  const vary = exchange.responseHeader("vary");
  return vary !== null && /(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(vary);
}

function hasEffect({
  origins,
  originPatterns,
  allowCredentials,
  allowHeaders,
  allowMethods,
  exposeHeaders,
  maxAge,
  addVary,
}: CorsConfig) {
  const hasList = origins.length > 0 || originPatterns.length > 0;
  const hasValue = allowHeaders !== "" || allowMethods !== "" || exposeHeaders !== "" || maxAge !== "0";
  return hasList || hasValue || allowCredentials || addVary;
}

function joined(values: readonly string[] | undefined, option: string, problems: OptionProblem[]): string {
  for (const [index, value] of (values ?? []).entries()) {
    const problem = headerValueProblem(value, `${option}[${index}]`);
    if (problem !== undefined) problems.push(problem);
  }
  return (values ?? []).join(", ");
}

function compiled(pattern: string): LinearRegex {
  const regex = compileRegex(pattern);
  if (!regex.ok) throw new Error(`regular expression was not prepared: ${regex.error.message}`);
  return regex.value;
}
