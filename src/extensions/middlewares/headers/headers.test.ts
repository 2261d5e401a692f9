import { expect, test } from "vitest";
import type { Headers } from "../../../schema/gen/middleware.ts";
import type { Hooks, OptionProblem } from "../contract.ts";
import { FakeExchange } from "../fake-exchange.ts";
import { headers } from "./headers.ts";

function create(spec: Headers): Hooks {
  const prepared = headers.prepare(spec);
  if (!prepared.ok) throw new Error(prepared.error[0]?.message);
  return headers.create(JSON.parse(JSON.stringify(prepared.value)));
}

function problemsOf(spec: Headers): readonly OptionProblem[] {
  const prepared = headers.prepare(spec);
  return prepared.ok ? [] : prepared.error;
}

test("request headers are set and removed whatever their case, and Host becomes the authority", () => {
  const exchange = new FakeExchange({
    headers: [
      ["x-team", "old"],
      ["x-team", "older"],
      ["x-secret", "1"],
    ],
  });
  const hooks = create({ customRequestHeaders: { "X-Team": " blue ", "X-Secret": "", Host: "internal:8080" } });
  expect(hooks.onRequest?.(exchange)).toBeUndefined();
  expect(exchange.requestHeaders).toEqual([["x-team", "blue"]]);
  expect(exchange.authority).toBe("internal:8080");
});

test("response headers are set and removed, and win over the security options", () => {
  const exchange = new FakeExchange({ response: { status: 200, headers: [["server", "nginx"]] } });
  create({ customResponseHeaders: { Server: "", "X-Frame-Options": "SAMEORIGIN" }, frameDeny: true }).onResponse?.(exchange);
  expect(exchange.responseHeaders).toEqual([["x-frame-options", "SAMEORIGIN"]]);
});

test("only the hooks that have something to do are there", () => {
  expect(Object.keys(create({ customRequestHeaders: { "X-A": "1" } }))).toEqual(["onRequest"]);
  expect(Object.keys(create({ customResponseHeaders: { "X-A": "1" } }))).toEqual(["onResponse"]);
  expect(Object.keys(create({ frameDeny: true }))).toEqual(["onResponse"]);
  expect(Object.keys(create({ allowedHosts: ["a.example"] }))).toEqual(["onRequest"]);
});

test.each(["Content-Length", "Transfer-Encoding", "connection", "Upgrade", "TE"])(
  "%s frames the message, and is refused",
  (name) => {
    expect(problemsOf({ customRequestHeaders: { [name]: "1" } })).toMatchObject([
      { code: "MiddlewareInvalid", field: `customRequestHeaders["${name}"]` },
    ]);
    expect(problemsOf({ customResponseHeaders: { [name]: "" } })).toHaveLength(1);
  },
);

test.each([
  [{ customRequestHeaders: { "X A": "1" } }, 'customRequestHeaders["X A"]'],
  [{ customRequestHeaders: { "": "1" } }, 'customRequestHeaders[""]'],
  [{ customRequestHeaders: { "X-A": "1\r\nX-B: 2" } }, 'customRequestHeaders["X-A"]'],
  [{ customRequestHeaders: { "X-A": "1", "x-a": "2" } }, 'customRequestHeaders["x-a"]'],
  [{ customRequestHeaders: { Host: "" } }, 'customRequestHeaders["Host"]'],
  [{ customRequestHeaders: { Host: "a/b" } }, 'customRequestHeaders["Host"]'],
  [{ contentSecurityPolicy: "a\nb" }, "contentSecurityPolicy"],
  [{ allowedHosts: ["ok.example", "https://a"] }, "allowedHosts[1]"],
  [{ allowedHosts: ["a"], hostsProxyHeaders: ["x y"] }, "hostsProxyHeaders[0]"],
  [{ frameDeny: true, sslProxyHeaders: { "x y": "1" } }, 'sslProxyHeaders["x y"]'],
  [{ accessControlAllowMethods: ["GET\n"] }, "accessControlAllowMethods[0]"],
  [{}, ""],
  [{ frameDeny: false }, ""],
] as [Headers, string][])("%j is refused, and the field told", (spec, field) => {
  expect(problemsOf(spec)).toMatchObject([{ code: "MiddlewareInvalid", field }]);
});

test.each([
  [{ sslRedirect: true }, "sslRedirect"],
  [{ sslTemporaryRedirect: true }, "sslTemporaryRedirect"],
  [{ sslHost: "a.example" }, "sslHost"],
  [{ sslForceHost: true }, "sslForceHost"],
  [{ featurePolicy: "vibrate 'none'" }, "featurePolicy"],
] as [Headers, string][])("the retired option %j is not supported, rather than ignored", (spec, field) => {
  expect(problemsOf({ frameDeny: true, ...spec })).toMatchObject([{ code: "NotSupported", field }]);
});

test("a retired option that is switched off does no harm", () => {
  expect(problemsOf({ frameDeny: true, sslRedirect: false, sslHost: "" })).toEqual([]);
});
