import { facts, type RouteWorld } from "./route-world.ts";

/** A set of rules that is hard on a router, at growing sizes: what must stay bounded. */
export interface HardSet {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly world: (count: number) => RouteWorld;
}

/** Any of the rules, by its position. */
function somewhere(count: number, random: () => number): number {
  return Math.floor(random() * count);
}

const hosts: HardSet = {
  name: "hosts",
  sizes: [1_000, 10_000, 100_000],
  world: (count) => ({
    name: "hosts",
    count,
    ruleAt: (index) => `Host(\`host-${index}.example.com\`)`,
    requestAt: (_, random) => facts(`host-${somewhere(count, random)}.example.com`, "/any/path"),
  }),
};

/** Exact paths and prefixes of all lengths, one within the other. */
const paths: HardSet = {
  name: "paths on a host",
  sizes: [100, 1_000, 10_000],
  world: (count) => {
    const pathAt = (index: number) => `/${"a/".repeat(index % 40)}path-${index}`;
    return {
      name: "paths on a host",
      count,
      ruleAt: (index) => `Host(\`a.example.com\`) && ${index % 2 === 0 ? "PathPrefix" : "Path"}(\`${pathAt(index)}\`)`,
      requestAt: (_, random) => facts("a.example.com", pathAt(somewhere(count, random))),
    };
  },
};

/** Nothing but expressions, all of one host: each request may have to try them all. */
const regexes: HardSet = {
  name: "regexes on a host",
  sizes: [10, 100, 1_000],
  world: (count) => ({
    name: "regexes on a host",
    count,
    ruleAt: (index) => `Host(\`a.example.com\`) && PathRegexp(\`^/tenant-${index}/[a-z]+/(?:list|get)$\`)`,
    requestAt: (_, random) => facts("a.example.com", `/tenant-${somewhere(count, random)}/users/list`),
  }),
};

/** Rules that only a header tells apart. */
const headers: HardSet = {
  name: "headers at a place",
  sizes: [100, 1_000, 10_000],
  world: (count) => ({
    name: "headers at a place",
    count,
    ruleAt: (index) => `PathPrefix(\`/api\`) && Header(\`X-Tenant\`, \`${index}\`)`,
    requestAt: (_, random) => facts("a.example.com", "/api", "GET", { "x-tenant": String(somewhere(count, random)) }),
  }),
};

const TERMS = 64;

/** Alternatives within conjunctions within alternatives, 64 matchers a rule, in one of which each request meets it. */
const boolean: HardSet = {
  name: "deep rules",
  sizes: [10, 100, 1_000],
  world: (count) => ({
    name: "deep rules",
    count,
    ruleAt: (index) => deepRule(index, 0, TERMS),
    requestAt: (_, random) =>
      facts(`h-${somewhere(count, random)}-${somewhere(TERMS, random)}.example.com`, "/x", "GET", { "x-1": "1" }),
  }),
};

function deepRule(index: number, from: number, to: number): string {
  if (to - from === 1) return `(Host(\`h-${index}-${from}.example.com\`) && !(Method(\`POST\`) || Query(\`q\`, \`${from}\`)))`;
  const middle = (from + to) >> 1;
  return `(${deepRule(index, from, middle)} || ${deepRule(index, middle, to)})`;
}

export const HARD_SETS: readonly HardSet[] = [hosts, paths, regexes, headers, boolean];
