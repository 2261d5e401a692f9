import { expect, test } from "vitest";
import { FAILURES } from "../../../model/failure.ts";
import type { RedirectScheme } from "../../../schema/gen/middleware.ts";
import type { HookResult } from "../contract.ts";
import { FakeExchange, type FakeRequest } from "../fake-exchange.ts";
import { redirectScheme } from "./redirect-scheme.ts";

function run(spec: RedirectScheme, request: FakeRequest): HookResult | Promise<HookResult> {
  const prepared = redirectScheme.prepare(spec);
  if (!prepared.ok) throw new Error(prepared.error[0]?.message);
  return redirectScheme.create(prepared.value).onRequest?.(new FakeExchange(request));
}

test.each([
  [{ scheme: "https" }, "http", "shop.example", "https://shop.example/a?b=1"],
  [{ scheme: "https" }, "http", "shop.example:8080", "https://shop.example/a?b=1"],
  [{ scheme: "HTTPS", port: "443" }, "http", "shop.example", "https://shop.example/a?b=1"],
  [{ scheme: "https", port: "8443" }, "http", "shop.example:8080", "https://shop.example:8443/a?b=1"],
  [{ scheme: "https", port: "8443" }, "https", "shop.example", "https://shop.example:8443/a?b=1"],
  [{ scheme: "http", port: "80" }, "https", "shop.example", "http://shop.example/a?b=1"],
  [{ scheme: "https" }, "http", "[2001:db8::1]:8080", "https://[2001:db8::1]/a?b=1"],
  [{ scheme: "https" }, "http", "[2001:db8::1]", "https://[2001:db8::1]/a?b=1"],
] as const)("%j redirects %s://%s to %s", (spec, scheme, authority, location) => {
  const reply = run(spec, { scheme, authority, path: "/a", query: "b=1" });
  expect(reply).toEqual({ status: 302, headers: [["location", location]], body: "" });
});

test.each([
  [{ scheme: "https" }, "https", "shop.example"],
  [{ scheme: "https" }, "https", "shop.example:443"],
  [{ scheme: "https", port: "443" }, "https", "shop.example"],
  [{ scheme: "https", port: "8443" }, "https", "shop.example:8443"],
  [{ scheme: "http" }, "http", "[2001:db8::1]:80"],
] as const)("%j lets %s://%s pass: the URL would not change", (spec, scheme, authority) => {
  expect(run(spec, { scheme, authority })).toBeUndefined();
});

test.each([
  ["GET", false, 302],
  ["GET", true, 301],
  ["HEAD", false, 307],
  ["POST", false, 307],
  ["POST", true, 308],
])("%s with permanent %s is answered %d", (method, permanent, status) => {
  expect(run({ scheme: "https", permanent }, { method })).toMatchObject({ status });
});

test("a URL without a query gets no question mark, and OPTIONS * no path", () => {
  expect(run({ scheme: "https" }, { path: "/a" })).toMatchObject({ headers: [["location", "https://shop.example/a"]] });
  expect(run({ scheme: "https" }, { method: "OPTIONS", path: "*" })).toMatchObject({
    headers: [["location", "https://shop.example"]],
  });
});

test("a request without a host cannot be redirected", () => {
  expect(run({ scheme: "https" }, { host: "" })).toBe(FAILURES.BadHost);
});

test.each([
  [{ scheme: "https://" }, "scheme"],
  [{ scheme: "" }, "scheme"],
  [{ scheme: "https", port: "0" }, "port"],
  [{ scheme: "https", port: "65536" }, "port"],
  [{ scheme: "https", port: "https" }, "port"],
])("%j is refused for its %s", (spec, field) => {
  const prepared = redirectScheme.prepare(spec);
  expect(prepared.ok ? [] : prepared.error).toMatchObject([{ code: "MiddlewareInvalid", field }]);
});
