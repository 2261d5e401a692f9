import { matchers } from "../../src/extensions/matchers/registry.gen.ts";
import { resourceId } from "../../src/model/ids.ts";
import type { Resource } from "../../src/model/resource.ts";
import type { Router } from "../../src/model/router.ts";
import { parseRule } from "../../src/rules/parser.ts";
import { printRule } from "../../src/rules/printer.ts";
import type { RequestFacts } from "../../src/rules/request-facts.ts";
import { specificity } from "../../src/rules/specificity.ts";

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

/** Everything a proxy is told: an entry point, a service, and `count` routers. */
export function worldOf(count: number): readonly Resource[] {
  const routers = Array.from({ length: count }, (_, index) => routerAt(index));
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

/** The router at a position; `service` gives it another form, as an edit does. */
export function routerAt(index: number, edit = 0): Router {
  const text = SHARED_RULES[index] ?? ruleAt(index - SHARED_RULES.length);
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

/** Requests all over a world of `count` routers; one in ten finds no host. */
export function requestsFor(count: number, random: () => number): readonly RequestFacts[] {
  const hosts = Math.max(1, Math.ceil(count / RULES.length));
  return Array.from({ length: 2_000 }, (_, i) => {
    const number = Math.floor(random() * hosts);
    const host = i % 10 === 9 ? `nobody-${number}.example.net` : hostOf(i % 5, number);
    return facts(host, pathOf(Math.floor(random() * 6), number), i % 7 === 0 ? "DELETE" : "GET");
  });
}

function hostOf(choice: number, number: number): string {
  if (choice === 3) return `www.app-${number}.example.com`;
  return choice === 4 ? `eu.app-${number}.example.com` : `app-${number}.example.com`;
}

function pathOf(choice: number, number: number): string {
  return ["/", `/api/users/${number}`, `/api/v2/orders/${number}`, "/healthz", `/files/${number}`, `/tenants/${number}`][choice]!;
}

function facts(host: string, path: string, method: string): RequestFacts {
  return { host, path, method, clientAddress: "192.0.2.1", headerValues: () => [], queryValues: () => [] };
}
