import { expect, test } from "vitest";
import { cpuMs } from "../../../../test/cpu-time.ts";
import { NESTING_MAX, parsePiece, splitDocuments } from "./parse-documents.ts";

/** Every document of a text as [line, value], or the first error. */
function read(text: string): unknown {
  const found: unknown[] = [];
  for (const [index, piece] of splitDocuments(text).entries()) {
    const parsed = parsePiece(piece, index);
    if (!parsed.ok) return parsed.error;
    found.push(...parsed.value.map((document) => [document.line, document.value]));
  }
  return found;
}

test("documents are told apart by their marks, and know the line they begin on", () => {
  const text = "# first\na: 1\n---\n\n# second\nb: 2\n--- # third\nc: |\n  ---x\n---\n# nothing\n---\nd: 4\n";
  expect(read(text)).toEqual([
    [2, { a: 1 }],
    [6, { b: 2 }],
    [8, { c: "---x\n" }],
    [13, { d: 4 }],
  ]);
});

test("directives and document ends are understood", () => {
  expect(read("%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n")).toEqual([
    [3, { a: 1 }],
    [6, { b: 2 }],
  ]);
});

test("an empty file holds no document", () => {
  expect(read("")).toEqual([]);
  expect(read("---\n# only words\n---\n")).toEqual([]);
});

test("a list is its items", () => {
  expect(read("apiVersion: v1\nkind: List\nitems:\n- a: 1\n- b: 2\n")).toEqual([
    [1, { a: 1 }],
    [1, { b: 2 }],
  ]);
});

test("JSON is read as JSON", () => {
  expect(read('\n{"a": [1, {"b": "x:y\\":"}], "__proto__": 1}')).toEqual([
    [2, JSON.parse('{"a":[1,{"b":"x:y\\":"}],"__proto__":1}')],
  ]);
});

test("merge keys work as they do for kubectl", () => {
  expect(read("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n")).toEqual([[1, { x: { a: 1 }, y: { a: 1, b: 2 } }]]);
});

test.each([
  ["a: 1\nb: 2\na: 3\n", { line: 3, message: "map keys must be unique" }],
  ['{"a": 1,\n"a": 2}', { line: 2, message: "map keys must be unique" }],
  ["ok: 1\n---\na: [1\nb: 2\n", { line: 4, message: expect.stringContaining("flow sequence") }],
  ["a:\n\tb: 1\n", { line: 2, message: expect.stringContaining("tabs") }],
  [`${"[".repeat(NESTING_MAX + 1)}${"]".repeat(NESTING_MAX + 1)}`, { line: 1, message: "it is nested too deeply" }],
  [`a: ${"[".repeat(50_000)}`, { line: 1, message: "it is nested too deeply" }],
  [
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${"*a,".repeat(20)}]\nc: &c [${"*b,".repeat(20)}]\nd: [${"*c,".repeat(20)}]\n`,
    { line: 1, message: expect.stringContaining("alias") },
  ],
])("the first thing that does not parse is told with its line (%#)", (text, error) => {
  expect(read(text)).toEqual(error);
});

test("ten mebibytes of nothing do not take long", () => {
  const beganMs = cpuMs();
  expect(read("\n".repeat(10 * 1024 * 1024))).toEqual([]);
  expect(cpuMs() - beganMs).toBeLessThan(2_000);
});
