import { expect, test } from "vitest";
import { type ByteRange, LineWriter } from "./line-writer.ts";

function written(write: (line: LineWriter) => void): string {
  const line = new LineWriter(8);
  write(line);
  return Buffer.from(line.take()).toString();
}

/** Within more. */
function range(text: string): ByteRange {
  return { bytes: Buffer.from(`"${text}"`, "latin1"), start: 1, end: text.length + 1 };
}

test.each([["plain /path?q=1"], ['"'], ["\\"], ["\n\x00\x1b\x7f"], ["\xe9\xff"], [""]])(
  "as a JSON string, %j is itself when it is read again, from text and from bytes",
  (text) => {
    expect(JSON.parse(written((line) => line.json(text)))).toBe(text);
    expect(JSON.parse(written((line) => line.jsonRange(range(text))))).toBe(text);
  },
);

test.each([
  ["plain /path", '"plain /path"'],
  ['a"b\\c', '"a\\x22b\\x5cc"'],
  ["\n\x7f\xe9", '"\\x0a\\x7f\\xe9"'],
  ["", '"-"'],
])("in the common log format, %j is %s", (text, shown) => {
  expect(written((line) => line.clf(text))).toBe(shown);
  expect(written((line) => line.clfRange(range(text)))).toBe(shown);
});

test("what was taken stays as it is, whether it filled the buffer or not", () => {
  const line = new LineWriter(8);
  const taken: Uint8Array[] = [];
  for (const text of ["ab", "cdefghij", "kl", "m".repeat(100)]) {
    line.text(text);
    taken.push(line.take());
  }
  expect(taken.map((bytes) => Buffer.from(bytes).toString())).toEqual(["ab", "cdefghij", "kl", "m".repeat(100)]);
  expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(4);
});
