import { matchers } from "../../src/extensions/matchers/registry.gen.ts";
import { resourceId } from "../../src/model/ids.ts";
import type { Resource } from "../../src/model/resource.ts";
import type { Router } from "../../src/model/router.ts";
import { parseRule } from "../../src/rules/parser.ts";
import { printRule } from "../../src/rules/printer.ts";
import type { RequestFacts } from "../../src/rules/request-facts.ts";
import { specificity } from "../../src/rules/specificity.ts";

/** Rules to be found, and requests that look for them. */
export interface RouteWorld {
  readonly name: string;
  readonly count: number;
  ruleAt(index: number): string;
  requestAt(index: number, random: () => number): RequestFacts;
}

const ORIGIN = { kind: "IngressRoute", namespace: "bench", name: "world" };
const SERVICE = resourceId("service", ORIGIN);
const ENDPOINTS = resourceId("endpoints", ORIGIN);

/** Rules of one host, as a team might have them: `#` is the host's number. The cycle repeats with the next host. */
const RULES = [
  "Host(`app-#.example.com`)",
  "Host(`app-#.example.com`) && PathPrefix(`/api/`)",
  "Host(`app-#.example.com`) && PathPrefix(`/api/v2/`)",
  "Host(`app-#.example.com`) && PathPrefix(`/static/`)",
  "Host(`app-#.example.com`) && Path(`/healthz`)",
  "Host(`app-#.example.com`) && PathPrefix(`/api/`) && Method(`DELETE`)",
  "Host(`app-#.example.com`) && PathPrefix(`/api/`) && Header(`X-Canary`, `always`)",
  "Host(`www.app-#.example.com`) || Host(`app-#.example.org`)",
  "Host(`*.app-#.example.com`) && PathSegmentPrefix(`/tenants`)",
  "Host(`app-#.example.com`) && PathRegexp(`^/files/#[0-9]*$`)",
];

/** Rules that no host index helps with: few, whatever the size. */
const SHARED_RULES = ["PathPrefix(`/.well-known/acme-challenge/`)", "HostRegexp(`^preview-[0-9]+\\.`) && PathPrefix(`/`)"];

/** The rules of many teams: ten for each host, and one request in ten that finds no host. */
export function teams(count: number): RouteWorld {
  const hosts = Math.max(1, Math.ceil(count / RULES.length));
  return {
    name: "teams",
    count,
    ruleAt: (index) => SHARED_RULES[index] ?? ruleAt(index - SHARED_RULES.length),
    requestAt: (index, random) => {
      const number = Math.floor(random() * hosts);
      const host = index % 10 === 9 ? `nobody-${number}.example.net` : hostOf(index % 5, number);
      return facts(host, pathOf(Math.floor(random() * 6), number), index % 7 === 0 ? "DELETE" : "GET");
    },
  };
}

/** Everything a proxy is told: an entry point, a service, and the routers. */
export function resourcesOf(world: RouteWorld): readonly Resource[] {
  const routers = Array.from({ length: world.count }, (_, index) => routerAt(world, index));
  return [
    { id: resourceId("entryPoint", ORIGIN, "web"), name: "web", host: "127.0.0.1", port: 80, tls: false, trustedProxies: [] },
    {
      type: "loadBalancer",
      id: SERVICE,
      origin: ORIGIN,
      endpoints: ENDPOINTS,
      scheme: "http",
      passHostHeader: true,
      clusterIP: null,
    },
    { id: ENDPOINTS, origin: ORIGIN, servers: [{ address: "127.0.0.1", port: 9001 }] },
    ...routers,
  ];
}

/** The router at a position; `edit` gives it another priority, as an edit does. */
export function routerAt(world: RouteWorld, index: number, edit = 0): Router {
  const text = world.ruleAt(index);
  const rule = parseRule(text, matchers);
  if (!rule.ok) throw new Error(rule.error.message);
  const rank = {
    priority: Buffer.byteLength(text) + edit,
    ...specificity(rule.value, matchers),
    createdAtMs: Number.MAX_SAFE_INTEGER,
    object: `bench/route-${index}/IngressRoute`,
    index: 0,
  };
  return {
    id: resourceId("router", { ...ORIGIN, name: `route-${index}` }),
    origin: { ...ORIGIN, name: `route-${index}` },
    entryPoints: ["web"],
    rule: rule.value,
    ruleText: printRule(rule.value),
    rank,
    middlewares: [],
    service: SERVICE,
    tombstone: null,
  };
}

/** The rule at a position of the cycle. */
export function ruleAt(index: number): string {
  return (RULES[index % RULES.length] as string).replaceAll("#", String(Math.floor(index / RULES.length)));
}

function hostOf(choice: number, number: number): string {
  if (choice === 3) return `www.app-${number}.example.com`;
  return choice === 4 ? `eu.app-${number}.example.com` : `app-${number}.example.com`;
}

function pathOf(choice: number, number: number): string {
  return ["/", `/api/users/${number}`, `/api/v2/orders/${number}`, "/healthz", `/files/${number}`, `/tenants/${number}`][choice]!;
}

/** A request without headers and parameters, but for those given. */
export function facts(host: string, path: string, method = "GET", headers: Readonly<Record<string, string>> = {}): RequestFacts {
  return {
    host,
    path,
    method,
    clientAddress: "192.0.2.1",
    headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    queryValues: () => [],
  };
}
