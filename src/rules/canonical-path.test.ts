import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalPath, pathPolicy } from "./canonical-path.ts";

const SAME = ["/", "/a", "/a/", "/a/b.html", "/a;v=1/b", "/%20x", "/a+b", "/@x:y", "/...", "/a/..b", "/a%21b"];

test.each(SAME)("%s is canonical already", (path) => {
  expect(canonicalPath(path)).toBe(path);
});

test.each([
  ["//a///b", "/a/b"],
  ["/a/./b", "/a/b"],
  ["/a/../b", "/b"],
  ["/../../b", "/b"],
  ["/a/b/..", "/a/"],
  ["/a/.", "/a/"],
  ["/..", "/"],
  ["/%61%2D%7e", "/a-~"],
  ["/a%2e%2e/b", "/a../b"],
  ["/a/%2e%2E/b", "/b"],
  ["/%c3%a9", "/%C3%A9"],
  ["/a|b", "/a%7Cb"],
  ['/{"x"}', "/%7B%22x%22%7D"],
  ["/a/..//b/", "/b/"],
])("%s becomes %s", (raw, canonical) => {
  expect(canonicalPath(raw)).toBe(canonical);
});

test.each(["", "a", "*", "/a%", "/a%2", "/a%zz", "/a b", "/a\\b", "/a#b", "/a?b", "/é", "/a\u0000", "/\u007f"])(
  "%j is refused",
  (raw) => {
    expect(canonicalPath(raw)).toBeNull();
  },
);

test.each(["%00", "%23", "%25", "%2F", "%2f", "%3B", "%3F", "%5C", "%5c"])(
  "the escape %s is refused, as servers disagree about it",
  (escaped) => {
    expect(canonicalPath(`/a${escaped}b`)).toBeNull();
  },
);

test.each(["/..;/admin", "/a/.;x/b", "/%2e%2e;v=1"])("%s is refused: a dot segment hidden behind a parameter", (raw) => {
  expect(canonicalPath(raw)).toBeNull();
});

test("a canonical form is a fixed point, and holds no dot segment, no double slash and no lower-case escape", () => {
  const piece = fc.constantFrom("/", ".", "..", "a", "%2e", "%41", "%c3", "%7C", "|", ";", "//", "b;c", "%20", "~", "%2f", "%");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = canonicalPath(`/${pieces.join("")}`);
      if (path === null) return;
      expect(canonicalPath(path)).toBe(path);
      expect(path).not.toMatch(/\/\/|\/\.\.?(\/|$)|%[0-9A-F]?[a-f]/);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["/a%2fb", "/", "/a%2Fb"],
  ["/a%2Fb/../c", "/", "/c"],
  ["/a%252Fb", "%", "/a%252Fb"],
  ["/a%3bb%23c", ";#", "/a%3Bb%23c"],
  ["/a%00b", "\0", "/a%00b"],
])("%s stays an escape where %j may be one: %s", (raw, allowed, canonical) => {
  expect(canonicalPath(raw, pathPolicy(false, allowed))).toBe(canonical);
});

test.each([
  ["//", "//"],
  ["//a///b/", "//a///b/"],
  ["/a//..", "/a/"],
  ["/a//../..", "/"],
  ["//../a", "/a"],
  ["/./a//./b", "/a//b"],
])("where slashes are kept, %s becomes %s", (raw, canonical) => {
  expect(canonicalPath(raw, pathPolicy(true, ""))).toBe(canonical);
});

test("a canonical form is a fixed point under every policy, and never climbs or holds what was not let in", () => {
  const piece = fc.constantFrom("/", ".", "..", "a", "%2e", "%2f", "%25", "%3B", "%00", "//", "%2F..", "%5c", "%3f", "%23", ";");
  const policies = fc.tuple(fc.boolean(), fc.subarray(["\0", "#", "%", "/", ";", "?", "\\"]));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), policies, (pieces, [keepsSlashes, allowed]) => {
      const policy = pathPolicy(keepsSlashes, allowed.join(""));
      const path = canonicalPath(`/${pieces.join("")}`, policy);
      if (path === null) return;
      expect(canonicalPath(path, policy)).toBe(path);
      expect(path).not.toMatch(keepsSlashes ? /\/\.\.?(\/|$)/ : /\/\/|\/\.\.?(\/|$)/);
      for (const [, hex = ""] of path.matchAll(/%(00|23|25|2F|3B|3F|5C)/g)) {
        expect(allowed).toContain(String.fromCharCode(Number.parseInt(hex, 16)));
      }
    }),
    { numRuns: 2000 },
  );
});
