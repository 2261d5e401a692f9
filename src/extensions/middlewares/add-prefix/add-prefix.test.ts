import { expect, test } from "vitest";
import { FakeExchange } from "../fake-exchange.ts";
import { addPrefix } from "./add-prefix.ts";

function pathAfter(prefix: string, path: string): string {
  const prepared = addPrefix.prepare({ prefix });
  if (!prepared.ok) throw new Error(prepared.error[0]?.message);
  const exchange = new FakeExchange({ path });
  expect(addPrefix.create(prepared.value).onRequest?.(exchange)).toBeUndefined();
  return exchange.path;
}

test.each([
  ["/api", "/users", "/api/users"],
  ["/api", "/", "/api/"],
  ["/api/", "/users", "/api/users"],
  ["/", "/users", "/users"],
  ["/my docs", "/a", "/my%20docs/a"],
  ["/caf\u00e9", "/a", "/caf%C3%A9/a"],
  ["/api", "*", "*"],
])("the prefix %s makes of %s the path %s", (prefix, path, expected) => {
  expect(pathAfter(prefix, path)).toBe(expected);
});

test("a prefix without a slash at its beginning is refused, with the right spelling as the hint", () => {
  expect(addPrefix.prepare({ prefix: "api" })).toEqual({
    ok: false,
    error: [{ code: "MiddlewareInvalid", field: "prefix", message: '"api" does not begin with a slash', hint: 'write "/api"' }],
  });
});

test.each(["/a?b", "/a#b", "/a%2Fb", "/a%", "/a\\b", "/\ud800"])("the prefix %j is refused: it has no safe form", (prefix) => {
  const prepared = addPrefix.prepare({ prefix });
  expect(prepared.ok).toBe(false);
  if (!prepared.ok) expect(prepared.error[0]).toMatchObject({ code: "MiddlewareInvalid", field: "prefix" });
});
