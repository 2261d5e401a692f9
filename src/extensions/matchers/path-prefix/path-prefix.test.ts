import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["/foo", "/foo", true],
  ["/foo", "/foo/bar", true],
  ["/foo", "/foobar", true],
  ["/foo/", "/foo", false],
  ["/foo/", "/foo/bar", true],
  ["/foo", "/fo", false],
  ["/foo", "/Foo", false],
  ["/", "/anything", true],
])("PathPrefix(`%s`) on path %j gives %s", (prefix, path, expected) => {
  expect(fulfils(`PathPrefix(\`${prefix}\`)`, { path })).toBe(expected);
});

test("a prefix that no request can have is refused", () => {
  expect(refusal("PathPrefix(`foo`)")).toEqual([
    "InvalidRule",
    'PathPrefix needs a path that begins with "/", not "foo" at column 12',
    'write "/foo"',
  ]);
  expect(refusal("PathPrefix(`/a/./b`)")[2]).toBe('write "/a/b"');
});
