import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["/a", "/a", true],
  ["/a", "/a/", false],
  ["/a", "/A", false],
  ["/a", "/ab", false],
  ["/", "/", true],
  ["/", "*", false],
  ["/a%20b", "/a%20b", true],
])("Path(`%s`) on path %j gives %s", (wanted, path, expected) => {
  expect(fulfils(`Path(\`${wanted}\`)`, { path })).toBe(expected);
});

test.each([
  ["a", 'Path needs a path that begins with "/", not "a"', 'write "/a"'],
  ["/a b", 'Path of "/a b" would never match', 'write "/a%20b"'],
  ["/%61", 'Path of "/%61" would never match', 'write "/a"'],
  ["/a//b/../c", 'Path of "/a//b/../c" would never match', 'write "/a/c"'],
  ["/é", 'Path of "/é" would never match', 'write "/%C3%A9"'],
  ["/a%2fb", 'Path of "/a%2fb" would never match', "no request can have this path"],
  [
    "/{id}",
    'Path of "/{id}" would never match',
    "paths are plain text here: use PathRegexp for patterns and Query for parameters",
  ],
  [
    "/a?b=c",
    'Path of "/a?b=c" would never match',
    "paths are plain text here: use PathRegexp for patterns and Query for parameters",
  ],
])("Path(`%s`) is refused", (path, message, hint) => {
  const [code, said, hinted] = refusal(`Path(\`${path}\`)`);
  expect([code, hinted]).toEqual(["InvalidRule", hint]);
  expect(said).toContain(message);
});
