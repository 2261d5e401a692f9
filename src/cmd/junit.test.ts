import fc from "fast-check";
import { expect, test } from "vitest";
import { type JunitCase, junitReport } from "./junit.ts";

const PASSED: JunitCase = { classname: "a.yaml", name: "one", file: "a.yaml", line: 3, failure: null, output: "" };

test("a report counts its cases and names their places", () => {
  const failure = { type: "status", message: 'expected <404>, got "503" & more', text: "line 1\nline 2 <b>" };
  const cases: readonly JunitCase[] = [
    PASSED,
    { ...PASSED, name: "two", line: 0, failure, output: "told" },
    { ...PASSED, name: "three", file: "", output: "a\n<b>" },
  ];
  expect(junitReport("fairway test", cases)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0" skipped="0">
  <testsuite name="fairway test" tests="3" failures="1" errors="0" skipped="0">
    <testcase classname="a.yaml" name="one" file="a.yaml" line="3"/>
    <testcase classname="a.yaml" name="two" file="a.yaml">
      <failure type="status" message="expected &lt;404&gt;, got &quot;503&quot; &amp; more">line 1
line 2 &lt;b&gt;</failure>
      <system-out>told</system-out>
    </testcase>
    <testcase classname="a.yaml" name="three">
      <system-out>a
&lt;b&gt;</system-out>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test("whatever a name or a text holds, the report stays well-formed and gives it back", () => {
  const text = fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "\n", "\t", "\r", "]]>", "&amp;", "a", "é", "😀") });
  fc.assert(
    fc.property(text, text, (name, output) => {
      const report = junitReport("s", [{ ...PASSED, name, output: `o${output}` }]);
      const found = /<testcase classname="a.yaml" name="([^"<\n\t\r]*)"[^>]*>\s*<system-out>([^<]*)<\/system-out>/.exec(report);
      expect(found?.slice(1).map(decodeReferences)).toEqual([name, `o${output}`]);
    }),
  );
});

test("characters that XML cannot hold are replaced", () => {
  const [, name] = /name="(o[^"]*)"/.exec(junitReport("s", [{ ...PASSED, name: "o\u0000\u001b\ud800\uffffk" }])) ?? [];
  expect(name).toBe("o\ufffd\ufffd\ufffd\ufffdk");
});

function decodeReferences(text: string): string {
  return text
    .replaceAll("&#10;", "\n")
    .replaceAll("&#13;", "\r")
    .replaceAll("&#9;", "\t")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
