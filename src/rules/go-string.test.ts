import { expect, test } from "vitest";
import { quoteGo, unescapeGo } from "./go-string.ts";

test.each([
  ["plain", "plain"],
  ['\\\\ \\"', '\\ "'],
  ["\\a\\b\\f\\n\\r\\t\\v", "\u0007\b\f\n\r\t\v"],
  ["\\101\\x41\\u00e9\\U0001F642", "AAé🙂"],
  ["\\\\n", "\\n"],
])("%j means %j", (inner, value) => {
  expect(unescapeGo(inner)).toEqual({ ok: true, value });
});

test.each([
  ["ab\\d", 2, 'unknown escape "\\\\d"'],
  ["\\'", 0, `unknown escape "\\\\'"`],
  ["\\x4", 0, 'unknown escape "\\\\x"'],
  ["\\8", 0, 'unknown escape "\\\\8"'],
  ["\\xff", 0, 'escape "\\xff" names no character'],
  ["\\377", 0, 'escape "\\377" names no character'],
  ["\\ud800", 0, 'escape "\\ud800" names no character'],
  ["\\U00110000", 0, 'escape "\\U00110000" names no character'],
])("%j is refused", (inner, offset, what) => {
  expect(unescapeGo(inner)).toEqual({ ok: false, error: { offset, what } });
});

test("back-quotes are used unless the text holds one, or a control character", () => {
  expect(quoteGo('a"\\d')).toBe('`a"\\d`');
  expect(quoteGo('a`\\"')).toBe('"a`\\\\\\""');
  expect(quoteGo("a\nb\u007f")).toBe('"a\\x0ab\\x7f"');
});
