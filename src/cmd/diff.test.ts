import fc from "fast-check";
import { expect, test } from "vitest";
import { type DiffReport, diffReport } from "./diff-report.ts";
import { diffText } from "./diff-text.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import type { AskedRequest } from "./explain-request.ts";
import { Explainer } from "./explainer.ts";
import { compileText, manifests, middleware, publishedSchema, route, rule, service } from "./sample-manifests.ts";
import { destinationText, outcomeOf } from "./test-outcome.ts";

const isReport = publishedSchema("diff");
const SERVICES = manifests(service("web"), service("api"));

/** What a change does, with the report held to its schema. */
async function reportOf(before: string, after: string): Promise<DiffReport> {
  const sideOf = async (text: string) => ({ compiled: await compileText(text), path: "-" });
  const report = diffReport(await sideOf(before), await sideOf(after));
  expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
  return report;
}

/** What a change of the rules of one IngressRoute does, for people. */
async function told(before: string, after: string, more: readonly [string, string] = ["", ""]): Promise<string> {
  const [former, now] = [before, after].map((rules, side) =>
    manifests(...[route("shop", rules), SERVICES, more[side] ?? ""].filter(Boolean)),
  );
  return diffText(await reportOf(former ?? "", now ?? ""));
}

test.each<[what: string, before: string, after: string, expected: string]>([
  [
    "nothing",
    rule("Host(`a.test`)", "web") + rule("Host(`b.test`)", "api"),
    rule("Host(`b.test`)", "api") + rule('Host("a.test")', "web"),
    "No difference.\n",
  ],
  [
    "a rule that comes",
    rule("Host(`a.test`)", "web"),
    rule("Host(`a.test`)", "web") + rule("Host(`a.test`) && PathPrefix(`/api`)", "api"),
    `Routes
  + Host(\`a.test\`) && PathPrefix(\`/api\`)
      IngressRoute/default/shop, on web, websecure → default/api:80

Traffic, by example
  GET http://a.test/api (web)
      default/web:80 as /api → default/api:80 as /api

1 route added, 0 removed, 0 changed; 0 problems new, 0 gone; 1 example of traffic that moves
`,
  ],
  [
    "a rule that goes",
    rule("Host(`a.test`)", "web") + rule("Host(`b.test`) && Method(`POST`) && Header(`X-A`, `it's`)", "api"),
    rule("Host(`a.test`)", "web"),
    `Routes
  - Host(\`b.test\`) && Method(\`POST\`) && Header(\`X-A\`, \`it's\`)
      IngressRoute/default/shop, on web, websecure → default/api:80

Traffic, by example
  POST http://b.test/ -H 'X-A: it'\\''s' (web)
      default/api:80 as / → 404, no route

0 routes added, 1 removed, 0 changed; 0 problems new, 0 gone; 1 example of traffic that moves
`,
  ],
  [
    "another service",
    rule("Host(`a.test`)", "web"),
    rule("Host(`a.test`)", "api"),
    `Routes
  ~ Host(\`a.test\`)
      IngressRoute/default/shop
      service: default/web:80 → default/api:80
      endpoints: 10.0.0.1:8080 of default/web → 10.0.0.1:8080 of default/api

Traffic, by example
  GET http://a.test/ (web)
      default/web:80 as / → default/api:80 as /

0 routes added, 0 removed, 1 changed; 0 problems new, 0 gone; 1 example of traffic that moves
`,
  ],
  [
    "an edit of a rule",
    rule("Host(`a.test`)", "web"),
    rule("Host(`a.test`) || Host(`b.test`)", "web"),
    `Routes
  ~ Host(\`a.test\`) || Host(\`b.test\`)
      IngressRoute/default/shop
      rule: Host(\`a.test\`) → Host(\`a.test\`) || Host(\`b.test\`)
      priority: 14 → 32

Traffic, by example
  GET http://b.test/ (web)
      404, no route → default/web:80 as /

0 routes added, 0 removed, 1 changed; 0 problems new, 0 gone; 1 example of traffic that moves
`,
  ],
  [
    "a priority, seen by requests that both rules want",
    rule("Host(`a.test`) && Header(`X-A`, `1`)", "web") + rule("Host(`a.test`) && Method(`POST`)", "api"),
    rule("Host(`a.test`) && Header(`X-A`, `1`)", "web", "priority: 1") + rule("Host(`a.test`) && Method(`POST`)", "api"),
    `Routes
  ~ Host(\`a.test\`) && Header(\`X-A\`, \`1\`)
      IngressRoute/default/shop
      priority: 36 → 1

Traffic, by example
  POST http://a.test/ -H 'X-A: 1' (web)
      default/web:80 as / → default/api:80 as /

0 routes added, 0 removed, 1 changed; 0 problems new, 0 gone; 1 example of traffic that moves
`,
  ],
  [
    "a service that is missing",
    rule("Host(`a.test`)", "web"),
    rule("Host(`a.test`)", "gone"),
    `Routes
  ~ Host(\`a.test\`)
      IngressRoute/default/shop
      answers 503: ServiceNotFound

Problems
  + <stdin>:7: error ServiceNotFound IngressRoute/default/shop spec.routes[0].services[0]: Service "default/gone" does not exist.

Traffic, by example
  GET http://a.test/ (web)
      default/web:80 as / → 503, ServiceNotFound

0 routes added, 0 removed, 1 changed; 1 problem new, 0 gone; 1 example of traffic that moves
`,
  ],
])("%s", async (_what, before, after, expected) => {
  expect(await told(before, after)).toBe(expected);
});

test("a middleware that changes is told with its options, once for all routes, and with what services see", async () => {
  const rules =
    rule("Host(`a.test`)", "web", "middlewares: [{ name: m }]") + rule("Host(`b.test`)", "web", "middlewares: [{ name: m }]");
  const text = await told(rules, rules, [
    middleware("m", "{ addPrefix: { prefix: /v1 } }"),
    middleware("m", "{ addPrefix: { prefix: /v2 } }"),
  ]);
  expect(text).toContain(`  ~ Host(\`a.test\`)
      IngressRoute/default/shop
  ~ Host(\`b.test\`)
      IngressRoute/default/shop
      middlewares: addPrefix default/m {"prefix":"/v1"} → addPrefix default/m {"prefix":"/v2"}
`);
  expect(text).toContain("default/web:80 as /v1/ → default/web:80 as /v2/");
});

test("a secret in an option is never told, but that it changed is", async () => {
  const rules = rule("Host(`a.test`)", "web", "middlewares: [{ name: m }]");
  const text = await told(rules, rules, [
    middleware("m", "{ headers: { customRequestHeaders: { Authorization: Bearer uno } } }"),
    middleware("m", "{ headers: { customRequestHeaders: { Authorization: Bearer dos } } }"),
  ]);
  expect(text).toMatch(/middlewares:\n\s+\+ \(another secret\)\n/);
  expect(text).not.toMatch(/uno|dos/);
});

test("a problem that only moved is none that is new; one more of the same is", async () => {
  const broken = rule("Host(`a.test`)", "gone");
  const more = rule("Host(`0.test`)", "web");
  const moved = await reportOf(manifests(route("shop", broken), SERVICES), manifests(SERVICES, route("shop", more + broken)));
  expect(moved.problems).toEqual({ new: [], gone: [] });
  const doubled = await reportOf(manifests(route("shop", broken), SERVICES), manifests(route("shop", broken + broken), SERVICES));
  expect(doubled.problems.new.filter(({ code }) => code === "ServiceNotFound")).toHaveLength(1);
  expect(doubled.problems.gone).toEqual([]);
});

test("traffic that moves makes a difference, and every example is true", async () => {
  const pool = [
    rule("Host(`a.test`)", "web"),
    rule("Host(`a.test`)", "api"),
    rule("Host(`*.test`) && PathPrefix(`/x`)", "web"),
    rule("Host(`*.test`) && PathPrefix(`/x`)", "api", "priority: 100"),
    rule("Host(`a.test`) && !Method(`POST`)", "api"),
    rule("PathPrefix(`/x`) && (Header(`X-A`, `1`) || Query(`v`, `1`))", "web"),
    rule("HostRegexp(`^[ab]`) && Path(`/x/y`)", "api", "priority: 50"),
    rule("ClientIP(`10.0.0.0/8`)", "gone"),
  ];
  const side = fc
    .shuffledSubarray(pool)
    .map((rules) => (rules.length === 0 ? SERVICES : manifests(route("shop", rules.join("")), SERVICES)));
  const requests = ["http://a.test/", "http://a.test/x/y?v=1", "https://b.test/x", "http://c/x"].flatMap((url) =>
    ["GET", "POST"].flatMap((method) =>
      ["192.0.2.1", "10.0.0.1"].map(
        (clientIp): AskedRequest => ({ url, method, headers: ["X-A: 1"].slice(method.length - 3), clientIp }),
      ),
    ),
  );
  await fc.assert(
    fc.asyncProperty(side, side, async (before, after) => {
      const report = await reportOf(before, after);
      const [former, now] = [await explainerOf(before), await explainerOf(after)];
      const moved = requests.some((request) => destination(former, request) !== destination(now, request));
      expect(report.summary.same && moved).toBe(false);
      expect(report.summary.same).toBe(JSON.stringify(report) === JSON.stringify(await reportOf(after, after)));
      for (const { request, before: was, after: is } of report.traffic) {
        expect([destination(former, request), destination(now, request)]).toEqual([destinationText(was), destinationText(is)]);
      }
    }),
    { numRuns: 60 },
  );
});

async function explainerOf(text: string): Promise<Explainer> {
  return new Explainer((await compileText(text)).graph, DEFAULT_ENTRY_POINTS, null);
}

/** By a look at every rule, where `diff` uses the index. */
function destination(explainer: Explainer, request: AskedRequest): string {
  const explained = explainer.explain(request);
  if (!explained.ok) throw new Error(explained.error);
  return destinationText(outcomeOf(explained.value));
}

test("a route that goes from one parent to another is told", async () => {
  const parents = ["one", "two"].map((name) => route(name, rule(`Host(\`${name}.test\`)`, "web")));
  const world = (parent: string) =>
    manifests(
      ...parents,
      route("child", rule("Path(`/x`)", "api"), `  parentRefs: [{ name: ${parent} }, { name: two }]\n`),
      SERVICES,
    );
  const report = await reportOf(world("one"), world("two"));
  expect(report.routes.changed).toMatchObject([
    {
      object: { name: "child" },
      changes: [
        {
          field: "parents",
          before: ["IngressRoute/default/one", "IngressRoute/default/two"],
          after: ["IngressRoute/default/two"],
        },
      ],
    },
  ]);
});

test("traffic that goes to another child is shown by requests that come to its parent", async () => {
  const parent = route("root", rule("Host(`a.test`)", "web"), "  entryPoints: [web]\n");
  const world = (to: string) =>
    manifests(
      parent,
      route("team", rule("PathPrefix(`/team`)", "web"), "  parentRefs: [{ name: root }]\n"),
      route("child", rule("PathPrefix(`/team/x`)", to), "  parentRefs: [{ name: team }]\n"),
      SERVICES,
    );
  const report = await reportOf(world("web"), world("api"));
  expect(report.traffic).toMatchObject([
    {
      request: { url: "http://a.test/team/x", entryPoint: "web" },
      before: { services: ["default/web:80"] },
      after: { services: ["default/api:80"], rule: "PathPrefix(`/team/x`)" },
    },
  ]);
});
