import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { loadManifests, loadText } from "../control/sources/directory/load-manifests.ts";
import type { Intake } from "../control/validate/intake.ts";
import { explainRequest } from "./explain.ts";
import { collectEntryPointChoice, type EntryPointChoice, NO_CHOICE } from "./explain-entry-point.ts";
import type { AskedRequest } from "./explain-request.ts";
import { explainText } from "./explain-text.ts";
import type { ExplainReport } from "./explainer.ts";
import { publishedSchema, service } from "./sample-manifests.ts";

const isReport = publishedSchema("explain");

const SERVICES = `
${service("web")}---
apiVersion: v1
kind: Service
metadata: { name: idle }
spec: { ports: [{ name: http, port: 80 }] }
`;
const rule = (match: string, more = "services: [{ name: web, port: 80 }]") => `    - match: ${match}\n      ${more}\n`;
const route = (name: string, rules: string, more = "") =>
  `apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata: { name: ${name} }\nspec:\n${more}  routes:\n${rules}`;

/** Explains a request against manifests, with the shape of the answer checked. */
async function explained(
  manifests: string,
  url: string,
  asked: Partial<AskedRequest> = {},
  choice: EntryPointChoice = NO_CHOICE,
): Promise<ExplainReport> {
  const request = { url, method: "GET", headers: [], clientIp: "192.0.2.1", ...asked };
  const report = await explainRequest((intake) => loadText(`${manifests}\n---${SERVICES}`, intake), request, {
    entrypoint: choice,
    class: [],
  });
  expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
  return report;
}

test("the rule with the highest priority wins, and those it beats are told", async () => {
  const rules = rule("Host(`shop.test`)") + rule("Host(`shop.test`) && PathPrefix(`/api`)");
  const report = await explained(route("shop", rules), "http://shop.test/api/x");
  expect(report.winner).toMatchObject({
    object: { kind: "IngressRoute", namespace: "default", name: "shop" },
    rule: "Host(`shop.test`) && PathPrefix(`/api`)",
    service: { object: { name: "web" }, port: "80" },
    endpoints: [{ address: "10.0.0.1", port: 8080, service: "default/web" }],
  });
  expect(report.alsoMatching.map((router) => router.rule)).toEqual(["Host(`shop.test`)"]);
  expect(report.status).toBeNull();
});

test("near misses name the predicate that fails, the nearest first", async () => {
  const rules =
    rule("Host(`shop.test`) && PathPrefix(`/api`) && Method(`POST`)") +
    rule("Host(`shop.test`) && PathPrefix(`/other`) && Method(`POST`)") +
    rule("Host(`else.test`)");
  const report = await explained(route("shop", rules), "http://shop.test/api");
  expect(report.winner).toBeNull();
  expect(report.status).toBe(404);
  expect(report.nearMisses.map(({ failed }) => failed)).toEqual(["Method(`POST`)", "PathPrefix(`/other`)"]);
});

test("a host that differs by a slip is a near miss", async () => {
  const report = await explained(route("shop", rule("Host(`shop.test`)") + rule("Host(`unlike.org`)")), "http://shp.test/");
  expect(report.nearMisses.map(({ failed }) => failed)).toEqual(["Host(`shop.test`)"]);
});

test("a rule that is served on another entry point only is a near miss", async () => {
  const report = await explained(route("shop", rule("Host(`shop.test`)"), "  tls: {}\n"), "http://shop.test/");
  expect(report.nearMisses).toMatchObject([{ failed: "entry point: served on websecure" }]);
});

test("a rule that cannot be served answers 503, and says why", async () => {
  const report = await explained(
    route("shop", rule("Host(`shop.test`)", "services: [{ name: gone, port: 80 }]")),
    "http://shop.test/",
  );
  expect(report).toMatchObject({
    status: 503,
    winner: { tombstone: ["ServiceNotFound"], service: null, endpoints: [], problems: [{ code: "ServiceNotFound" }] },
  });
});

test("a service without endpoints answers 503", async () => {
  const report = await explained(
    route("shop", rule("Host(`shop.test`)", "services: [{ name: idle, port: 80 }]")),
    "http://shop.test/",
  );
  expect(report).toMatchObject({
    status: 503,
    winner: { tombstone: null, service: { object: { name: "idle" } }, endpoints: [] },
  });
});

test("the method, headers and the client's address count", async () => {
  const rules = rule("Method(`POST`) && Header(`X-Beta`, `1`) && ClientIP(`198.51.100.0/24`)");
  const asked = { method: "POST", headers: ["x-beta: 1"], clientIp: "198.51.100.7" };
  expect((await explained(route("shop", rules), "http://shop.test/", asked)).winner).not.toBeNull();
  expect((await explained(route("shop", rules), "http://shop.test/", { ...asked, clientIp: "192.0.2.1" })).winner).toBeNull();
});

test("a Host header counts more than the URL's host", async () => {
  const report = await explained(route("shop", rule("Host(`shop.test`)")), "http://127.0.0.1:8080/", {
    headers: ["Host: shop.test"],
  });
  expect(report.winner).not.toBeNull();
  expect(report.request.host).toBe("shop.test");
});

test("rules see the canonical path, and what a client says of itself is not believed", async () => {
  const rules = rule("Path(`/b%20c`)") + rule("Header(`X-Forwarded-Proto`, `https`)");
  const report = await explained(route("shop", rules), "http://shop.test/a/../b c");
  expect(report).toMatchObject({ request: { path: "/b%20c" }, winner: { rule: "Path(`/b%20c`)" } });
  const forged = await explained(route("shop", rules), "http://shop.test/", { headers: ["X-Forwarded-Proto: https"] });
  expect(forged.winner).toBeNull();
});

test("a request that the proxy refuses is answered as the proxy answers it", async () => {
  const report = await explained(route("shop", rule("Host(`shop.test`)")), "http://shop.test/a%2Fb");
  expect(report).toMatchObject({ status: 400, failure: { code: "BadPath" }, winner: null });
});

test("middlewares are told in order, with what they do to the path", async () => {
  const middlewares = ["strip", "add"].map((name) => `{ name: ${name} }`).join(", ");
  const manifests = [
    route("shop", rule("Host(`shop.test`)", `middlewares: [${middlewares}]\n      services: [{ name: web, port: 80 }]`)),
    "apiVersion: fairway.dev/v1alpha1\nkind: Middleware\nmetadata: { name: strip }\nspec: { stripPrefix: { prefixes: [/api] } }\n",
    "apiVersion: fairway.dev/v1alpha1\nkind: Middleware\nmetadata: { name: add }\nspec: { addPrefix: { prefix: /v1 } }\n",
  ].join("---\n");
  const report = await explained(manifests, "http://shop.test/api/x");
  expect(report.request.path).toBe("/api/x");
  expect(report.winner?.middlewares).toMatchObject([
    { kind: "stripPrefix", object: { name: "strip" }, path: "/x", headers: [{ name: "x-forwarded-prefix", value: "/api" }] },
    { kind: "addPrefix", object: { name: "add" }, path: "/v1/x" },
  ]);
});

test("a middleware that answers itself is told with its answer", async () => {
  const manifests = `${route("shop", rule("Host(`shop.test`)", "middlewares: [{ name: tls }]\n      services: [{ name: idle, port: 80 }]"))}---
apiVersion: fairway.dev/v1alpha1
kind: Middleware
metadata: { name: tls }
spec: { redirectScheme: { scheme: https } }
`;
  const report = await explained(manifests, "http://shop.test/x?y=1");
  expect(report).toMatchObject({ status: null, winner: { answer: { status: 302, location: "https://shop.test/x?y=1" } } });
});

test.for([
  ["http://shop.test/", [], "web"],
  ["https://shop.test/", [], "websecure"],
  ["http://shop.test:81/", ["a=:80", "b=:81", "c=:81,tls"], "b"],
  ["https://shop.test:81/", ["a=:80", "b=:81", "c=:81,tls"], "c"],
  ["http://shop.test:99/", ["a=:80", "b=:81"], "a"],
  ["http://shop.test/", ["websecure"], "websecure"],
  ["http://shop.test/", ["internal"], "internal"],
] as const)("%s with --entrypoint %j comes to %s", async ([url, flags, expected]) => {
  const choice = flags.reduce((before: EntryPointChoice, flag) => collectEntryPointChoice(flag, before), NO_CHOICE);
  const report = await explained(route("shop", rule("Host(`shop.test`)"), "  entryPoints: [internal]\n"), url, {}, choice);
  expect(report.request.entryPoint).toBe(expected);
});

test.for([
  ["shop.test/", {}, NO_CHOICE, /is no URL/],
  ["http://sh op/", {}, NO_CHOICE, /is no host/],
  ["http://shop.test/", { headers: ["X-Beta"] }, NO_CHOICE, /is not a header/],
  ["http://shop.test/", { headers: ["X-Beta: 1\r\nHost: other"] }, NO_CHOICE, /is not a header/],
  ["http://shop.test/", { method: "GET /" }, NO_CHOICE, /is not a method/],
  ["http://shop.test/", { clientIp: "here" }, NO_CHOICE, /is not an IP address/],
  ["http://shop.test/", {}, { ...NO_CHOICE, chosen: "nowhere" }, /there is no entry point "nowhere"; there are web, websecure/],
  ["https://shop.test/", {}, collectEntryPointChoice("web=:80", NO_CHOICE), /no entry point takes https/],
] as const)("wrong use is told: %s %j", async ([url, asked, choice, message]) => {
  const failed = await explained(route("shop", rule("Host(`shop.test`)")), url, asked, choice).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(CommanderError);
  expect(failed).toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
});

test("every sample of the demo is explained, in JSON of the published shape and in text", async () => {
  const load = (intake: Intake) => loadManifests("config/samples/demo", intake);
  for (const host of ["shop", "secure", "vault", "docs", "partner", "beta", "nowhere"]) {
    for (const scheme of ["http", "https"]) {
      const asked = { url: `${scheme}://${host}.localhost/api/x`, method: "GET", headers: [], clientIp: "127.0.0.1" };
      const report = await explainRequest(load, asked, { entrypoint: NO_CHOICE, class: [] });
      expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
      expect(explainText(report)).toContain(report.winner?.rule ?? "404 — no router matches.");
    }
  }
});

test("the text says what wins, by which way, to where", async () => {
  const rules = rule("Host(`shop.test`)") + rule("Host(`shop.test`) && Method(`POST`)");
  const text = explainText(await explained(route("shop", rules), "http://shop.test/x"));
  expect(text).toBe(`GET http://shop.test/x
  entry point     web
  the proxy sees  host shop.test, path /x

Goes to the service.
  rule            Host(\`shop.test\`)
  of              IngressRoute default/shop, priority 17
  service         default/web port 80
  endpoints       10.0.0.1:8080

Nearly matches:
  Host(\`shop.test\`) && Method(\`POST\`)
    IngressRoute default/shop, priority 35
    fails: Method(\`POST\`)
`);
});
