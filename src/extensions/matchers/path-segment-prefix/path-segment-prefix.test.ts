import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

/** The rows without an upper-case letter are those of the table of path types in the documentation of Ingress. */
test.each([
  ["/", "/", true],
  ["/", "/a/b", true],
  ["/foo", "/foo", true],
  ["/foo", "/foo/", true],
  ["/foo/", "/foo", true],
  ["/foo/", "/foo/", true],
  ["/foo", "/foo/bar", true],
  ["/foo", "/foobar", false],
  ["/foo/", "/foobar", false],
  ["/aaa/bb", "/aaa/bbb", false],
  ["/aaa/bbb", "/aaa/bbb/ccc", true],
  ["/aaa/bbb", "/aaa/bbbxyz", false],
  ["/foo", "/fo", false],
  ["/foo", "/Foo", false],
])("PathSegmentPrefix(`%s`) on path %j gives %s", (prefix, path, expected) => {
  expect(fulfils(`PathSegmentPrefix(\`${prefix}\`)`, { path })).toBe(expected);
});

test("a prefix that no request can have is refused", () => {
  expect(refusal("PathSegmentPrefix(`foo`)")[1]).toBe(
    'PathSegmentPrefix needs a path that begins with "/", not "foo" at column 19',
  );
});
