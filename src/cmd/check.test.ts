import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { FILE_BYTES_MAX } from "../control/sources/directory/manifest-file.ts";
import { check } from "./check.ts";
import { problemText } from "./check-report.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { service } from "./sample-manifests.ts";

/** A service with an endpoint, for routes to lead to. */
const SERVICE = `\n${service("shop")}`;

/** A document of an IngressRoute in block style; its first line is the first line of the text. */
function route(name: string, body: string): string {
  return `apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: ${name}\nspec:\n  routes:\n${body}`;
}

const rule = (match: string, more = ""): string =>
  `  - match: ${match}\n    services:\n    - name: shop\n      port: 80\n${more}`;

/** What \`check\` prints about a text, without the total. */
async function problemsOf(text: string, classes: readonly string[] = []): Promise<readonly string[]> {
  const { report } = await check((intake) => loadText(text, intake), DEFAULT_ENTRY_POINTS, classes);
  return report.problems.map(problemText);
}

test("a good folder has no problem", async () => {
  expect(await problemsOf(`${route("a", rule("Host(`a.example`)"))}---${SERVICE}`)).toEqual([]);
});

test.each<[what: string, text: string, expected: readonly string[]]>([
  [
    "an unknown field",
    route("a", rule("Host(`a.example`)", "    servics: []\n")),
    [
      '<stdin>:11: error UnknownField IngressRoute/default/a spec.routes[0].servics: Unknown field "servics". (Did you mean "services"?)',
    ],
  ],
  [
    "a wrong type",
    route("a", rule("Host(`a.example`)", "    priority: high\n")),
    ['<stdin>:11: error SchemaViolation IngressRoute/default/a spec.routes[0].priority: Expected an integer, found "high".'],
  ],
  [
    "a rule of the schema that no type can say",
    route("a", rule("Host(`a.example`)").replace("      port: 80\n", "")),
    [
      "<stdin>:9: error SchemaViolation IngressRoute/default/a spec.routes[0].services[0].port: " +
        "port is required for a Service: write the number or the name of one of its ports",
    ],
  ],
  [
    "a broken rule",
    route("a", rule("Host(`a.example`) &&")),
    [
      "<stdin>:7: error InvalidRule IngressRoute/default/a spec.routes[0].match: " +
        'Expected a matcher, "!" or "(", found the end of the rule at column 21.',
    ],
  ],
  [
    "a regex that cannot be linear",
    route("a", rule("PathRegexp(`(a)\\1`)")),
    [
      "<stdin>:7: error InvalidRegex IngressRoute/default/a spec.routes[0].match: " +
        'Regular expression with a back-reference ("\\\\1") at column 12. ' +
        "(Regular expressions have RE2 syntax, which has none: it keeps matching linear in time.)",
    ],
  ],
  [
    "a missing service",
    route("a", rule("Host(`a.example`)").replace("shop", "shp")),
    ['<stdin>:9: error ServiceNotFound IngressRoute/default/a spec.routes[0].services[0]: Service "default/shp" does not exist.'],
  ],
  [
    "a missing port",
    route("a", rule("Host(`a.example`)").replace("80", "81")),
    [
      "<stdin>:10: error ServicePortNotFound IngressRoute/default/a spec.routes[0].services[0].port: " +
        'Service "default/shop" has no TCP port 81. (Its ports: 80 (http).)',
    ],
  ],
  [
    "a missing middleware",
    route("a", rule("Host(`a.example`)", "    middlewares:\n    - name: nope\n")),
    [
      '<stdin>:12: error MiddlewareNotFound IngressRoute/default/a spec.routes[0].middlewares[0]: Middleware "default/nope" does not exist.',
    ],
  ],
  [
    "two objects that claim the same rule",
    `${route("a", rule("Host(`a.example`)"))}---\n${route("b", rule("Host(`a.example`)"))}`,
    [
      "<stdin>:7: warning Conflict IngressRoute/default/a spec.routes[0].match: " +
        'IngressRoute "default/b" (spec.routes[0].match) claims the same traffic; this rule wins. ' +
        "(Remove one of them, or set another priority.)",
      "<stdin>:18: warning Conflict IngressRoute/default/b spec.routes[0].match: " +
        'IngressRoute "default/a" (spec.routes[0].match) claims the same traffic and wins: its namespace and name come first. ' +
        "(Remove one of the two, or set another priority.)",
    ],
  ],
  [
    "the same object twice",
    `${route("a", rule("Host(`a.example`)"))}---\n${route("a", rule("Host(`b.example`)"))}`,
    [
      "<stdin>:12: error DuplicateObject IngressRoute/default/a: Already described in <stdin>, line 1, which counts. (Remove one of them.)",
    ],
  ],
  ["a document that is no object", "kind: Service\n", ["<stdin>:1: error InvalidObject apiVersion: apiVersion is missing."]],
  [
    "a kind that does not exist",
    "apiVersion: fairway.dev/v1alpha1\nkind: Midleware\nmetadata: {name: m}\n",
    ["<stdin>:1: error InvalidObject kind: fairway.dev has no kind Midleware. (Did you mean Middleware?)"],
  ],
  [
    "YAML that does not parse",
    `${route("a", rule("Host(`a.example`)"))}---\na: 1\na: 2\n`,
    ["<stdin>:13: error InvalidYAML: The file does not parse: map keys must be unique."],
  ],
  ["a file over 10 MiB", `# ${"x".repeat(FILE_BYTES_MAX)}\n`, ["<stdin>:1: error FileTooLarge: The file is larger than 10 MiB."]],
])("%s is told with its place, and nothing else is", async (_what, text, expected) => {
  expect(await problemsOf(`${text}---${SERVICE}`)).toEqual(expected);
});

test("a file of exactly 10 MiB is read", async () => {
  const text = `---${SERVICE}`;
  expect(await problemsOf(`#${"x".repeat(FILE_BYTES_MAX - text.length - 2)}\n${text}`)).toEqual([]);
});

test("with a class, only its objects count", async () => {
  const broken = route("a", rule("Host(`a.example`)").replace("shop", "shp")).replace(
    "spec:\n",
    "spec:\n  ingressClassName: public\n",
  );
  const classes =
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public}\nspec: {controller: fairway.dev/ingress-controller}\n";
  const text = `${broken}---\n${classes}---${SERVICE}`;
  expect(await problemsOf(text, ["public"])).toHaveLength(1);
  expect(await problemsOf(text, ["internal"])).toEqual([]);
});

test("the report for programs holds to its schema", async () => {
  const schema: unknown = JSON.parse(readFileSync(new URL("../../docs/reference/check.schema.json", import.meta.url), "utf8"));
  const text = `${route("a", rule("Host(`a`) &&", "    x: 1\n"))}---\na: 1\n---${SERVICE}`;
  const { report } = await check((intake) => loadText(text, intake), DEFAULT_ENTRY_POINTS, []);
  expect(report.summary).toEqual({ objects: 3, errors: 3, warnings: 0 });
  const validate = new Ajv({ allErrors: true }).compile(schema as object);
  expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ problems: [{}], summary: {} })).toBe(false);
});
