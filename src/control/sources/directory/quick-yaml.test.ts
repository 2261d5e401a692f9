import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { YAML_OPTIONS } from "./parse-documents.ts";
import { readQuickly } from "./quick-yaml.ts";

/** What a full parser makes of the text; undefined where it finds an error or not exactly one document. */
function fullRead(text: string): { value: unknown } | undefined {
  const documents = parseAllDocuments(text, YAML_OPTIONS);
  if (!Array.isArray(documents) || documents.length !== 1) return undefined;
  const [document] = documents;
  return document === undefined || document.errors.length > 0 ? undefined : { value: document.toJS() };
}

function agrees(text: string): boolean {
  const quick = readQuickly(text, 64);
  if (quick === undefined) return false;
  expect(quick, text).toEqual(fullRead(text));
  return true;
}

const word = fc.constantFrom(
  "a",
  "name",
  "true",
  "null",
  "8080",
  "-3",
  "010",
  "1.5",
  "x-y",
  "app/z",
  "10.0.0.1",
  "Host(`a.b`)",
  "~",
  "",
);
const key = fc.oneof({ arbitrary: fc.stringMatching(/^[a-z]{1,3}$/), weight: 9 }, word, fc.string({ maxLength: 6 }));
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { arbitrary: word, weight: 6 },
    { arbitrary: fc.integer(), weight: 2 },
    { arbitrary: fc.constantFrom(true, false, null), weight: 2 },
    { arbitrary: fc.string(), weight: 1 },
    { arbitrary: fc.array(tie("value"), { maxLength: 4 }), weight: 3 },
    { arbitrary: fc.dictionary(key, tie("value"), { maxKeys: 4 }), weight: 6 },
  ),
})).value;

test("what it reads of any well-formed document is what a full parser reads", () => {
  let read = 0;
  fc.assert(
    fc.property(json, fc.boolean(), (value, indentSeq) => {
      if (agrees(stringify(value, { indentSeq }))) read++;
    }),
    { numRuns: 1000 },
  );
  expect(read).toBeGreaterThan(50);
});

test("what it reads of any heap of fragments is what a full parser reads", () => {
  const fragment = fc.constantFrom(
    ..."a:|b: 1|- |-|- c: 2|- - 1|x: [p, q]|k: \"v\"|k: 'v'|text|y: a: b|z: # c|# note|true: 1|-  d:|: e|f: g #h|f: g#h|m: - n|? q|& a|* b".split(
      "|",
    ),
    "t: 10.0.0.0/8",
    "i: 0x1f",
    "s: !!str 1",
    "l: |",
    "u: http://x:80/",
    "",
  );
  const line = fc.tuple(fc.integer({ min: 0, max: 4 }), fragment).map(([indent, text]) => " ".repeat(indent) + text);
  let read = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      if (agrees(lines.join("\n"))) read++;
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(100);
});

test("an everyday manifest is read quickly", () => {
  const manifest = `# the shop
apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata:
  name: shop
  labels: {}
spec:
  entryPoints: [web, websecure]
  routes:
  - match: Host(\`shop.example.com\`) && PathPrefix(\`/api\`)
    services:
    - name: cart
      port: 80
    -
      name: users
      port: http
  tls:
`;
  expect(agrees(manifest)).toBe(true);
});

test.each([
  ["a: &x 1", "an anchor"],
  ["a: !!str 1", "a tag"],
  ["a:\n  <<: {b: 1}", "a merge key"],
  ["a: 1\na: 2", "a duplicate key"],
  ["a: 1\n\tb: 2", "a tab"],
  ["a: b: c", "a mapping where none may be"],
  ["null: a", "a key that is not text"],
  ["{~ : a}", "a key that is not text"],
  ["%YAML 1.2\n---\na: 1", "a directive"],
  [`${"[".repeat(65)}${"]".repeat(65)}`, "nested too deeply"],
])("it leaves %j to a full parser, being %s", (text) => {
  expect(readQuickly(text, 64)).toBeUndefined();
});
