import fc from "fast-check";
import { expect, test } from "vitest";
import { FAILURES } from "../../../model/failure.ts";
import { canonicalPath } from "../../../rules/canonical-path.ts";
import type { HookResult } from "../contract.ts";
import { FakeExchange } from "../fake-exchange.ts";
import { stripPrefix } from "./strip-prefix.ts";

function run(prefixes: string[], exchange: FakeExchange): HookResult | Promise<HookResult> {
  const prepared = stripPrefix.prepare({ prefixes });
  if (!prepared.ok) throw new Error(prepared.error[0]?.message);
  return stripPrefix.create(prepared.value).onRequest?.(exchange);
}

test.each([
  [["/api"], "/api/users", "/users", "/api"],
  [["/api"], "/api", "/", "/api"],
  [["/api"], "/api/", "/", "/api"],
  [["/api/"], "/api/users", "/users", "/api/"],
  [["/api"], "/apis/users", "/s/users", "/api"],
  [["/"], "/users", "/users", "/"],
  [["/api", "/api/v1"], "/api/v1/x", "/v1/x", "/api"],
  [["/api/v1", "/api"], "/api/v1/x", "/x", "/api/v1"],
  [["/my docs"], "/my%20docs/a", "/a", "/my%20docs"],
  [["/%61pi"], "/api/a", "/a", "/api"],
])("%j removed from %s leaves %s and tells %s", (prefixes, path, left, told) => {
  const exchange = new FakeExchange({ path });
  expect(run(prefixes, exchange)).toBeUndefined();
  expect(exchange.path).toBe(left);
  expect(exchange.requestHeader("x-forwarded-prefix")).toBe(told);
});

test("a path that no prefix fits passes unchanged", () => {
  const exchange = new FakeExchange({ path: "/other" });
  expect(run(["/api"], exchange)).toBeUndefined();
  expect(exchange.path).toBe("/other");
  expect(exchange.requestHeaders).toEqual([]);
});

test("a prefix removed earlier stays told", () => {
  const exchange = new FakeExchange({ path: "/v1/x", headers: [["x-forwarded-prefix", "/api"]] });
  run(["/v1"], exchange);
  expect(exchange.requestHeaders).toEqual([
    ["x-forwarded-prefix", "/api"],
    ["x-forwarded-prefix", "/v1"],
  ]);
});

test.each(["/api../admin", "/api./x", "/api.."])("%s without /api would be a dot segment, and is refused", (path) => {
  const exchange = new FakeExchange({ path });
  expect(run(["/api"], exchange)).toBe(FAILURES.BadPath);
  expect(exchange.path).toBe(path);
  expect(exchange.requestHeaders).toEqual([]);
});

test("whatever is removed from whatever path, what is left is canonical", () => {
  const piece = fc.constantFrom("/", ".", "..", "a", "b", "%2e", "%20", "%C3%A9", ";", "//");
  const anyPath = fc.array(piece, { maxLength: 8 }).map((pieces) => canonicalPath(`/${pieces.join("")}`) ?? "/");
  fc.assert(
    fc.property(anyPath, fc.array(anyPath, { minLength: 1, maxLength: 3 }), (path, prefixes) => {
      const exchange = new FakeExchange({ path });
      const result = run(prefixes, exchange);
      expect(canonicalPath(exchange.path)).toBe(exchange.path);
      expect(result === undefined || exchange.path === path).toBe(true);
    }),
  );
});

test("each prefix that cannot be used is told by its place", () => {
  const prepared = stripPrefix.prepare({ prefixes: ["/ok", "api", "/a?b"] });
  expect(prepared.ok ? [] : prepared.error.map(({ field }) => field)).toEqual(["prefixes[1]", "prefixes[2]"]);
});

test("forceSlash false is not supported, true is what happens anyway", () => {
  const refused = stripPrefix.prepare({ prefixes: ["/a"], forceSlash: false });
  expect(refused.ok ? [] : refused.error).toMatchObject([{ code: "NotSupported", field: "forceSlash" }]);
  expect(stripPrefix.prepare({ prefixes: ["/a"], forceSlash: true }).ok).toBe(true);
});
