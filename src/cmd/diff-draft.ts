import type { Rule, RuleMatch } from "../model/rule.ts";
import { regexSamples } from "./diff-regex-sample.ts";

/** What a request may be made of: for each part values worth trying, best first; empty where a rule says nothing. */
export interface Draft {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  readonly clientIps: readonly string[];
  readonly headers: readonly NamedValues[];
  readonly query: readonly NamedValues[];
}

export interface NamedValues {
  readonly name: string;
  readonly values: readonly string[];
}

/** Most drafts of one rule: alternatives beyond are left out. */
const DRAFTS_MAX = 16;

export const EMPTY_DRAFT: Draft = { hosts: [], paths: [], methods: [], clientIps: [], headers: [], query: [] };

/** Drafts of requests that fulfil a rule: one for each way its `||` leave, as far as they are few. `!` says nothing here. */
export function draftsOf(rule: Rule): readonly Draft[] {
  switch (rule.op) {
    case "match":
      return [draftOfMatch(rule)];
    case "not":
      return rule.term.op === "not" ? draftsOf(rule.term.term) : [EMPTY_DRAFT];
    case "or":
      return rule.terms.flatMap(draftsOf).slice(0, DRAFTS_MAX);
    case "and":
      return rule.terms.map(draftsOf).reduce(crossed, [EMPTY_DRAFT]);
  }
}

/** The rule without one `!` of its outermost `&&`, for each of them: its requests lie just outside of the rule. */
export function withoutNegations(rule: Rule): readonly Rule[] {
  if (rule.op !== "and") return [];
  return rule.terms.flatMap((term, index) =>
    term.op === "not" ? [{ op: "and" as const, terms: rule.terms.with(index, term.term) }] : [],
  );
}

function crossed(a: readonly Draft[], b: readonly Draft[]): readonly Draft[] {
  return a.flatMap((one) => b.map((other) => merged(one, other))).slice(0, DRAFTS_MAX);
}

function merged(a: Draft, b: Draft): Draft {
  return {
    hosts: [...a.hosts, ...b.hosts],
    // The longer path is likely to fulfil both.
    paths: [...a.paths, ...b.paths].sort((one, other) => longest(other, a, b) - longest(one, a, b)),
    methods: [...a.methods, ...b.methods],
    clientIps: [...a.clientIps, ...b.clientIps],
    headers: [...a.headers, ...b.headers],
    query: [...a.query, ...b.query],
  };
}

/** Length of the first path of the draft that has this one: what keeps the paths of one matcher together. */
function longest(path: string, a: Draft, b: Draft): number {
  return (a.paths.includes(path) ? a.paths[0] : b.paths[0])?.length ?? 0;
}

function draftOfMatch({ matcher, args }: RuleMatch): Draft {
  const [first = "", second] = args;
  switch (matcher) {
    case "Host":
      return { ...EMPTY_DRAFT, hosts: hostsFor(first.toLowerCase()) };
    case "HostRegexp":
      return {
        ...EMPTY_DRAFT,
        hosts: regexSamples(first).flatMap((sample) => [sample, `${sample}example.test`, `example${sample}`]),
      };
    case "Path":
      return { ...EMPTY_DRAFT, paths: [first] };
    case "PathPrefix":
    case "PathSegmentPrefix":
      return { ...EMPTY_DRAFT, paths: [first, `${first.replace(/\/$/, "")}/example`] };
    case "PathRegexp":
      return { ...EMPTY_DRAFT, paths: regexSamples(first).flatMap((sample) => [sample, `/${sample}`, `/example/${sample}`]) };
    case "Method":
      return { ...EMPTY_DRAFT, methods: [first.toUpperCase()] };
    case "ClientIP":
      return { ...EMPTY_DRAFT, clientIps: [first.split("/")[0] as string] };
    case "Header":
      return { ...EMPTY_DRAFT, headers: [{ name: first, values: [second ?? ""] }] };
    case "HeaderRegexp":
      return { ...EMPTY_DRAFT, headers: [{ name: first, values: regexSamples(second ?? "") }] };
    case "Query":
      return { ...EMPTY_DRAFT, query: [{ name: first, values: [second ?? ""] }] };
    case "QueryRegexp":
      return { ...EMPTY_DRAFT, query: [{ name: first, values: second === undefined ? [""] : regexSamples(second) }] };
    default:
      return EMPTY_DRAFT;
  }
}

function hostsFor(host: string): readonly string[] {
  if (host === "*") return [];
  return host.startsWith("*.") ? [`example${host.slice(1)}`, `other${host.slice(1)}`] : [host];
}
