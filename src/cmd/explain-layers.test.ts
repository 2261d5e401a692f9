import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { explainText } from "./explain-text.ts";
import { Explainer, type ExplainReport } from "./explainer.ts";
import { compileText, manifests, middleware, publishedSchema, route, rule, service } from "./sample-manifests.ts";
import { outcomeOf } from "./test-outcome.ts";

const isReport = publishedSchema("explain");
const under = (...parents: readonly string[]) => `  parentRefs: [${parents.map((name) => `{ name: ${name} }`).join(", ")}]\n`;
const leaving = (match: string, more = "") => `    - match: ${match}\n${more === "" ? "" : `      ${more}\n`}`;

async function explainerOf(text: string): Promise<Explainer> {
  return new Explainer((await compileText(text)).graph, DEFAULT_ENTRY_POINTS, null);
}

function ask(explainer: Explainer, path: string, headers: readonly string[] = []) {
  const asked = { url: `http://a.test${path}`, method: "GET", headers, clientIp: "192.0.2.1" };
  const [explained, answered] = [explainer.explain(asked), explainer.answer(asked)];
  if (!explained.ok || !answered.ok) throw new Error("what is asked is a request");
  return { explained: explained.value, answered: answered.value };
}

async function explained(text: string, path: string, headers: readonly string[] = []): Promise<ExplainReport> {
  const { report } = ask(await explainerOf(text), path, headers).explained;
  expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
  return report;
}

const ROLE = middleware("role", "{ headers: { customRequestHeaders: { X-Role: user } } }");
const STRIP = middleware("strip", "{ stripPrefix: { prefixes: [/v1] } }");
const WORLD = manifests(
  ROLE,
  STRIP,
  route("root", leaving("Host(`a.test`)", "middlewares: [{ name: role }, { name: strip }]")),
  route(
    "team",
    rule("Header(`X-Role`, `admin`)", "web") + rule("PathPrefix(`/cart`)", "cart", "middlewares: [{ name: role }]"),
    under("root"),
  ),
  service("web"),
  service("cart"),
);

test("the winner is the child, and the layers above it and all middlewares are told in order", async () => {
  const report = await explained(WORLD, "/v1/cart", ["X-Role: admin"]);
  expect(report.winner).toMatchObject({
    rule: "PathPrefix(`/cart`)",
    object: { name: "team" },
    parents: [{ rule: "Host(`a.test`)", object: { name: "root" } }],
    middlewares: [{ kind: "headers" }, { kind: "stripPrefix", path: "/cart" }, { kind: "headers" }],
    service: { object: { name: "cart" } },
  });
  expect(report.status).toBe(null);
  expect(explainText(report)).toContain("under           Host(`a.test`) of IngressRoute default/root\n");
});

test("a request that no child takes gets 404, with the children that nearly do", async () => {
  const rules = rule("PathPrefix(`/cart`) && Method(`POST`)", "web");
  const world = manifests(route("root", leaving("Host(`a.test`)")), route("team", rules, under("root")), service("web"));
  const report = await explained(world, "/cart");
  expect(report).toMatchObject({ status: 404, winner: { object: { name: "root" }, service: null, tombstone: null } });
  expect(report.nearMisses).toMatchObject([{ object: { name: "team" }, failed: "Method(`POST`)" }]);
  expect(explainText(report)).toContain("404 — no route under the rule that wins matches.");
});

test("a child is no near miss of a request that does not come to its parent", async () => {
  const parent = route("root", leaving("Host(`elsewhere.example`)"));
  const world = manifests(parent, route("team", rule("Path(`/x`)", "web"), under("root")), service("web"));
  expect(await explained(world, "/x")).toMatchObject({ status: 404, winner: null, nearMisses: [] });
});

test("a tombstone among the children is the winner, after the middlewares of its parents", async () => {
  const child = route("team", rule("Path(`/x`)", "gone"), under("root"));
  const parent = route("root", rule("Host(`a.test`)", "web", "middlewares: [{ name: strip }]"));
  const report = await explained(manifests(STRIP, parent, child, service("web")), "/v1/x");
  expect(report).toMatchObject({
    status: 503,
    winner: { tombstone: ["ServiceNotFound"], middlewares: [{ kind: "stripPrefix" }], parents: [{ rule: "Host(`a.test`)" }] },
  });
});

test("a middleware of a parent that answers ends the way there", async () => {
  const secure = middleware("secure", "{ redirectScheme: { scheme: https } }");
  const parent = route("root", leaving("Host(`a.test`)", "middlewares: [{ name: secure }]"));
  const child = route("team", rule("Path(`/x`)", "web"), under("root"));
  const { explained: told } = ask(await explainerOf(manifests(secure, parent, child, service("web"))), "/x");
  expect(told.report).toMatchObject({
    status: null,
    winner: { object: { name: "root" }, answer: { status: 302 }, service: null },
  });
  expect(outcomeOf(told)).toMatchObject({ object: "IngressRoute/default/root", status: 302, services: [] });
});

const matches = fc.constantFrom(
  "Host(`a.test`)",
  "Host(`*.test`)",
  "HostRegexp(`^a`)",
  "PathPrefix(`/`)",
  "PathPrefix(`/x`)",
  "Path(`/x/y`)",
  "PathRegexp(`y$`)",
  "Header(`X-Role`, `user`)",
  "Host(`a.test`) && PathPrefix(`/x`) || Path(`/`)",
);
const names = ["a", "b", "c", "d", "e"];
const randomRoute = fc.record({
  parents: fc.subarray(names, { maxLength: 2 }),
  rules: fc.array(fc.tuple(matches, fc.boolean(), fc.constantFrom("", "role", "strip")), { minLength: 1, maxLength: 3 }),
});

test("the proxy's index chooses among the layers as a scan over all rules does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(...names.map(() => randomRoute)), async (routes) => {
      const written = routes.map(({ parents, rules }, at) => {
        const texts = rules.map(([match, isServed, step]) => {
          const steps = step === "" ? "" : `middlewares: [{ name: ${step} }]`;
          return isServed ? rule(match, "web", steps) : leaving(match, steps);
        });
        return route(names[at] as string, texts.join(""), at === 0 ? "" : under(...parents));
      });
      const explainer = await explainerOf(manifests(ROLE, STRIP, ...written, service("web")));
      for (const path of ["/", "/x", "/x/y", "/v1/x/y"]) {
        for (const headers of [[], ["X-Role: user"]]) {
          const { explained: scanned, answered: found } = ask(explainer, path, headers);
          const { alsoMatching: _also, nearMisses: _near, ...same } = scanned.report;
          expect(found.report).toEqual(same);
        }
      }
    }),
    { numRuns: 60 },
  );
});
