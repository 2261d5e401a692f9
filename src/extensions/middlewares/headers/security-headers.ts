import type { Headers } from "../../../schema/gen/middleware.ts";
import { entryField, headerNameProblem, headerValueProblem } from "../configured-header.ts";
import { invalidOption, type OptionProblem } from "../contract.ts";
import type { Exchange, Reply } from "../exchange.ts";
import { portStart } from "../port-start.ts";

type HeaderList = readonly (readonly [name: string, value: string])[];

/** The security options, ready to use. Header names, and hosts, are lower case. */
export interface SecurityConfig {
  /** Response headers for every response. */
  readonly always: HeaderList;
  /** Response headers for clients that use TLS. */
  readonly overTls: HeaderList;
  /** Request headers and values that show that the client uses TLS. */
  readonly tlsProof: HeaderList;
  /** Hosts that are served, with or without a port; empty means all. */
  readonly allowedHosts: readonly string[];
  /** Request headers that hold the host, in place of Host. */
  readonly hostHeaders: readonly string[];
}

/** The security options at work. */
export interface Security {
  /** The refusal of a host that is not served; undefined when it is. */
  refuseHost(exchange: Exchange): Reply | undefined;
  editResponse(exchange: Exchange): void;
}

/** Options whose text is the value of a response header. */
type TextOption =
  | "customFrameOptionsValue"
  | "customBrowserXSSValue"
  | "contentSecurityPolicy"
  | "contentSecurityPolicyReportOnly"
  | "referrerPolicy"
  | "permissionsPolicy";

const REFUSED_HOST: Reply = {
  status: 421,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "Misdirected Request\n",
};

/** Checks and normalises the security options; null when none has an effect. */
export function prepareSecurity(spec: Headers, problems: OptionProblem[]): SecurityConfig | null {
  const isDevelopment = spec.isDevelopment ?? false;
  const sts = isDevelopment ? "" : strictTransportSecurity(spec);
  const forceSts = spec.forceSTSHeader ?? false;
  const config: SecurityConfig = {
    always: kept([...alwaysSent(spec, problems), ["strict-transport-security", forceSts ? sts : ""]]),
    overTls: kept([
      ["strict-transport-security", forceSts ? "" : sts],
      ["public-key-pins", isDevelopment ? "" : checked(spec.publicKey, "publicKey", problems)],
    ]),
    tlsProof: tlsProofOf(spec, problems),
    allowedHosts: isDevelopment ? [] : (spec.allowedHosts ?? []).map((host, index) => allowedHost(host, index, problems)),
    hostHeaders: (spec.hostsProxyHeaders ?? []).map((name, index) => {
      const problem = headerNameProblem(name, `hostsProxyHeaders[${index}]`);
      if (problem !== undefined) problems.push(problem);
      return name.toLowerCase();
    }),
  };
  return config.always.length + config.overTls.length + config.allowedHosts.length > 0 ? config : null;
}

export function createSecurity({ always, overTls, tlsProof, allowedHosts, hostHeaders }: SecurityConfig): Security {
  const allowed = new Set(allowedHosts);
  return {
    refuseHost(exchange) {
      if (allowed.size === 0) return undefined;
      const proxied = firstHeader(exchange, hostHeaders)?.toLowerCase();
      const host = proxied === undefined ? exchange.host : proxied.slice(0, portStart(proxied));
      if (allowed.has(host)) return undefined;
      const authority = proxied ?? exchange.authority;
      return allowed.has(host + authority.slice(portStart(authority))) ? undefined : REFUSED_HOST;
    },
    editResponse(exchange) {
      for (const [name, value] of always) exchange.setResponseHeader(name, value);
      if (overTls.length === 0 || !usesTls(exchange, tlsProof)) return;
      for (const [name, value] of overTls) exchange.setResponseHeader(name, value);
    },
  };
}

function alwaysSent(spec: Headers, problems: OptionProblem[]): [name: string, value: string][] {
  const text = (option: TextOption) => checked(spec[option], option, problems);
  return [
    ["x-frame-options", text("customFrameOptionsValue") || (spec.frameDeny ? "DENY" : "")],
    ["x-content-type-options", spec.contentTypeNosniff ? "nosniff" : ""],
    ["x-xss-protection", text("customBrowserXSSValue") || (spec.browserXssFilter ? "1; mode=block" : "")],
    ["content-security-policy", text("contentSecurityPolicy")],
    ["content-security-policy-report-only", text("contentSecurityPolicyReportOnly")],
    ["referrer-policy", text("referrerPolicy")],
    ["permissions-policy", text("permissionsPolicy")],
  ];
}

/** RFC 6797 §6.1. */
function strictTransportSecurity({ stsSeconds = 0, stsIncludeSubdomains, stsPreload }: Headers): string {
  if (stsSeconds === 0) return "";
  return `max-age=${stsSeconds}${stsIncludeSubdomains ? "; includeSubDomains" : ""}${stsPreload ? "; preload" : ""}`;
}

function tlsProofOf(spec: Headers, problems: OptionProblem[]): HeaderList {
  return Object.entries(spec.sslProxyHeaders ?? {}).map(([name, value]) => {
    const problem = headerNameProblem(name, entryField("sslProxyHeaders", name));
    if (problem !== undefined) problems.push(problem);
    return [name.toLowerCase(), value];
  });
}

function allowedHost(host: string, index: number, problems: OptionProblem[]): string {
  const form = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?$/i;
  if (!form.test(host)) {
    const hint = "write a host name, with a port where only that port is meant";
    problems.push(invalidOption(`allowedHosts[${index}]`, `${JSON.stringify(host)} is not a host`, hint));
  }
  return host.toLowerCase();
}

function checked(value: string | undefined, option: string, problems: OptionProblem[]): string {
  const problem = headerValueProblem(value ?? "", option);
  if (problem !== undefined) problems.push(problem);
  return value ?? "";
}

function kept(headers: readonly (readonly [string, string])[]): HeaderList {
  return headers.filter(([, value]) => value !== "");
}

function firstHeader(exchange: Exchange, names: readonly string[]): string | null {
  for (const name of names) {
    const value = exchange.requestHeader(name);
    if (value !== null && value !== "") return value;
  }
  return null;
}

function usesTls(exchange: Exchange, proof: HeaderList): boolean {
  if (exchange.scheme === "https") return true;
  for (const [name, value] of proof) if (exchange.requestHeader(name) === value) return true;
  return false;
}
