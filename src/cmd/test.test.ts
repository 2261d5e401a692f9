import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadManifests } from "../control/sources/directory/load-manifests.ts";
import { compileObjects, readObjects } from "./compiled-manifests.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { Explainer } from "./explainer.ts";
import { compileText, manifests, middleware, publishedSchema, route, rule, service } from "./sample-manifests.ts";
import { readTestCases } from "./test-cases.ts";
import { runTests, type TestReport, testJunit, testText } from "./test-report.ts";

const isReport = publishedSchema("test");
const isCases = publishedSchema("test-cases");
const DEMO_TESTS = "config/samples/demo-tests.yaml";

const WORLD = manifests(
  route(
    "shop",
    rule("Host(`a.test`)", "web") +
      rule("Host(`a.test`) && PathPrefix(`/api`)", "api", "middlewares: [{ name: strip }, { name: mark }]") +
      rule("Host(`old.test`)", "web", "middlewares: [{ name: https }]") +
      rule("Host(`gone.test`)", "gone") +
      "    - match: Host(`own.test`)\n      middlewares: [{ name: host }]\n      services: [{ name: own, port: 80, passHostHeader: false }]\n" +
      "    - match: Host(`both.test`)\n      services: [{ name: web, port: 80, weight: 1 }, { name: api, port: 80, weight: 1 }, { name: idle, port: 80, weight: 0 }]\n",
  ),
  middleware("strip", "{ stripPrefix: { prefixes: [/api] } }"),
  middleware("mark", '{ headers: { customRequestHeaders: { X-Mark: "1", Cookie: "" } } }'),
  middleware("host", '{ headers: { customRequestHeaders: { Host: "inside.test" } } }'),
  middleware("https", "{ redirectScheme: { scheme: https } }"),
  service("web"),
  "apiVersion: v1\nkind: Service\nmetadata: { name: api }\nspec: { ports: [{ name: http, port: 80 }] }\n",
  service("idle"),
  service("own"),
);

/** Runs a file of cases against a text of manifests; the report is held to its schema. */
async function reportOf(cases: string): Promise<TestReport> {
  const read = readTestCases(cases);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  expect(isCases(parse(cases)), JSON.stringify(isCases.errors)).toBe(true);
  const report = runTests(read.value, new Explainer((await compileText(WORLD)).graph, DEFAULT_ENTRY_POINTS, null), "t.yaml");
  if (!report.ok) throw new Error(JSON.stringify(report.error));
  expect(isReport(JSON.parse(JSON.stringify(report.value))), JSON.stringify(isReport.errors)).toBe(true);
  return report.value;
}

/** What differs in the one case there is. */
async function differences(request: string, expectation: string): Promise<readonly string[]> {
  const { cases } = await reportOf(`- request: ${request}\n  expect: ${expectation}\n`);
  return cases.flatMap((one) => one.differences.map(({ field, expected, actual }) => `${field}: ${expected} ≠ ${actual}`));
}

test.each<[request: string, expectation: string]>([
  ["{ url: http://a.test/x }", "{ object: default/shop, service: default/web, path: /x }"],
  ["{ url: http://a.test/x }", "{ object: IngressRoute/default/shop, service: default/web:80 }"],
  ["{ url: http://a.test/api/x }", "{ service: [default/api], path: /x, headers: { X-Mark: '1', x-forwarded-prefix: [/api] } }"],
  ["{ url: http://a.test/api/x, headers: { Cookie: a=b } }", "{ headers: { Cookie: null, X-Other: null } }"],
  ["{ url: http://a.test/x, headers: { X-A: [one, two] } }", "{ headers: { X-A: [one, two] } }"],
  ["{ url: 'http://a.test:81/' }", "{ headers: { Host: 'a.test:81' } }"],
  ["{ url: http://own.test/ }", "{ headers: { Host: '10.0.0.1:8080' } }"],
  ["{ url: http://both.test/ }", "{ service: [default/api, default/web] }"],
  ["{ url: http://old.test/x }", "{ status: 302, headers: { Location: https://old.test/x } }"],
  ["{ url: http://gone.test/ }", "{ status: 503, object: default/shop }"],
  ["{ url: http://none.test/ }", "{ status: 404 }"],
  ["{ url: http://a.test/%00 }", "{ status: 400 }"],
])("%s passes %s", async (request, expectation) => {
  expect(await differences(request, expectation)).toEqual([]);
});

test.each<[request: string, expectation: string, expected: readonly string[]]>([
  [
    "{ url: http://a.test/api/x }",
    "{ service: default/web, path: /api/x }",
    ["service: default/web ≠ default/api:80", "path: /api/x ≠ /x"],
  ],
  ["{ url: http://a.test/ }", "{ service: default/web:81 }", ["service: default/web:81 ≠ default/web:80"]],
  ["{ url: http://both.test/ }", "{ service: default/web }", ["service: default/web ≠ default/api:80, default/web:80"]],
  ["{ url: http://a.test/ }", "{ service: [default/web, default/api] }", ["service: default/web, default/api ≠ default/web:80"]],
  ["{ url: http://a.test/ }", "{ status: 404 }", ["status: 404 ≠ default/web:80"]],
  ["{ url: http://none.test/ }", "{ object: default/shop }", ["object: default/shop ≠ no route"]],
  [
    "{ url: http://none.test/ }",
    "{ service: default/web, path: / }",
    ["service: default/web ≠ 404, no route", "path: / ≠ 404, no route"],
  ],
  ["{ url: http://gone.test/ }", "{ service: default/gone }", ["service: default/gone ≠ 503, ServiceNotFound"]],
  ["{ url: http://old.test/ }", "{ service: default/web }", ["service: default/web ≠ 302 to https://old.test/"]],
  ["{ url: http://a.test/ }", "{ object: Ingress/default/shop }", ["object: Ingress/default/shop ≠ IngressRoute/default/shop"]],
  ["{ url: http://a.test/api }", "{ headers: { X-Mark: '2' } }", ['headers.x-mark: "2" ≠ "1"']],
  ["{ url: http://a.test/, headers: { X-A: [one, two] } }", "{ headers: { X-A: one } }", ['headers.x-a: "one" ≠ "one", "two"']],
  ["{ url: http://a.test/, headers: { X-A: '1' } }", "{ headers: { X-A: null } }", ['headers.x-a: none ≠ "1"']],
])("%s fails %s", async (request, expectation, expected) => {
  expect(await differences(request, expectation)).toEqual(expected);
});

test("the text tells what differs and why", async () => {
  const report = await reportOf(
    "- request: { url: http://a.test/ }\n  expect: { status: 404 }\n- name: fine\n  request: { url: http://a.test/ }\n  expect: { path: / }\n",
  );
  expect(testText(report)).toBe(`FAIL  GET http://a.test/ (t.yaml:1)
      status: expected 404, got default/web:80
      | GET http://a.test/
      |   entry point     web
      |   the proxy sees  host a.test, path /
      |
      | Goes to the service.
      |   rule            Host(\`a.test\`)
      |   of              IngressRoute default/shop, priority 14
      |   service         default/web port 80
      |   endpoints       10.0.0.1:8080
      |   problems        ServiceNotFound spec.routes[3].services[0]: Service "default/gone" does not exist.
      |
      | Nearly matches:
      |   Host(\`a.test\`) && PathPrefix(\`/api\`)
      |     IngressRoute default/shop, priority 36
      |     fails: PathPrefix(\`/api\`)

ok    fine
2 tests, 1 passed, 1 failed
`);
  const junit = testJunit(report);
  expect(junit).toContain('tests="2" failures="1"');
  expect(junit).toContain('<testcase classname="t.yaml" name="fine" file="t.yaml" line="3"/>');
  expect(junit).toContain('<failure type="status" message="status: expected 404, got default/web:80">');
});

test.each<[what: string, text: string, expected: readonly string[]]>([
  ["no YAML", "- a: [", ["1: the file does not parse: "]],
  ["no list", "request: {}\n", ["1: expected a list of cases"]],
  ["nothing", "# empty\n", ["1: expected a list of cases"]],
  ["two lists", "[]\n---\n- a\n", ["3: one list holds all cases: there is a second document"]],
  [
    "a case that is a text",
    "- a\n",
    ['1: expected an object with name, request, expect, found "a"', "1: request is missing", "1: expect is missing"],
  ],
  [
    "slips",
    "- request:\n    url: http://a.test/\n    methd: GET\n  expect:\n    servce: default/web\n",
    [
      '3: request.methd: unknown field "methd", did you mean "method"?',
      '5: expect.servce: unknown field "servce", did you mean "service"?',
    ],
  ],
  [
    "wrong types",
    '- request:\n    url: 1\n    headers: { X-A: 1 }\n  expect:\n    status: "404"\n    service: web\n    object: [a]\n',
    [
      "2: request.url: expected a text that is not empty, found the number 1",
      '3: request.headers.X-A: expected a text (in quotes, as in "1"), or a list of texts, found the number 1',
      "7: expect.object: expected a text that is not empty, found a list",
      '5: expect.status: expected a whole number from 100 to 599, found "404"',
      "6: expect.service: write it as namespace/name or namespace/name:port",
    ],
  ],
  [
    "no expectation",
    "- request: { url: http://a.test/ }\n  expect: {}\n",
    ["2: expect: nothing is expected: write object, service, status, path or headers"],
  ],
])("a file with %s is refused, with lines", (_what, text, expected) => {
  const read = readTestCases(text);
  const errors = read.ok ? [] : read.error.map(({ line, message }) => `${line}: ${message}`);
  expect(errors).toEqual(expected.map((start) => expect.stringMatching(new RegExp(`^${RegExp.escape(start)}`))));
  expect(text === "- a: [" || isCases(text.includes("---") ? null : parse(text))).toBe(text === "- a: [");
});

test("a request that cannot be made is an error of the file", async () => {
  const read = readTestCases(
    "- request: { url: a.test }\n  expect: { status: 404 }\n- request: { url: http://a.test, entryPoint: x }\n  expect: { status: 404 }\n",
  );
  if (!read.ok) throw new Error("it reads");
  const report = runTests(read.value, new Explainer((await compileText(WORLD)).graph, DEFAULT_ENTRY_POINTS, null), "t.yaml");
  expect(report).toEqual({
    ok: false,
    error: [
      { line: 1, message: 'request: "a.test" is no URL: write it as http://host/path or https://host/path' },
      { line: 3, message: 'request: there is no entry point "x"; there are web, websecure' },
    ],
  });
});

test("the samples pass their tests, and their file holds to its schema", async () => {
  const text = readFileSync(DEMO_TESTS, "utf8");
  expect(isCases(parse(text)), JSON.stringify(isCases.errors)).toBe(true);
  const cases = readTestCases(text);
  if (!cases.ok) throw new Error(JSON.stringify(cases.error));
  const read = await readObjects((intake) => loadManifests("config/samples/demo", intake));
  const { graph } = compileObjects(read, DEFAULT_ENTRY_POINTS, []);
  const report = runTests(cases.value, new Explainer(graph, DEFAULT_ENTRY_POINTS, null), DEMO_TESTS);
  expect(report.ok && report.value.cases.filter(({ passed }) => !passed)).toEqual([]);
  expect(report.ok && report.value.summary.passed).toBe(cases.value.length);
});
