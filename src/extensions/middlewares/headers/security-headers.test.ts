import { expect, test } from "vitest";
import type { Headers } from "../../../schema/gen/middleware.ts";
import type { OptionProblem } from "../contract.ts";
import { FakeExchange, type FakeRequest } from "../fake-exchange.ts";
import { createSecurity, prepareSecurity, type Security } from "./security-headers.ts";

function securityOf(spec: Headers): Security {
  const problems: OptionProblem[] = [];
  const config = prepareSecurity(spec, problems);
  expect(problems).toEqual([]);
  if (config === null) throw new Error("no effect");
  return createSecurity(config);
}

function sentWith(spec: Headers, request: FakeRequest = { scheme: "https" }): Record<string, string> {
  const exchange = new FakeExchange({ ...request, response: { status: 200, headers: [["x-frame-options", "upstream"]] } });
  securityOf(spec).editResponse(exchange);
  return Object.fromEntries(exchange.responseHeaders);
}

test.each([
  [{ frameDeny: true }, "x-frame-options", "DENY"],
  [{ frameDeny: true, customFrameOptionsValue: "SAMEORIGIN" }, "x-frame-options", "SAMEORIGIN"],
  [{ contentTypeNosniff: true }, "x-content-type-options", "nosniff"],
  [{ browserXssFilter: true }, "x-xss-protection", "1; mode=block"],
  [{ browserXssFilter: true, customBrowserXSSValue: "0" }, "x-xss-protection", "0"],
  [{ contentSecurityPolicy: "default-src 'self'" }, "content-security-policy", "default-src 'self'"],
  [{ contentSecurityPolicyReportOnly: "img-src *" }, "content-security-policy-report-only", "img-src *"],
  [{ referrerPolicy: "no-referrer" }, "referrer-policy", "no-referrer"],
  [{ permissionsPolicy: "camera=()" }, "permissions-policy", "camera=()"],
  [{ publicKey: 'pin-sha256="x"; max-age=1' }, "public-key-pins", 'pin-sha256="x"; max-age=1'],
  [{ stsSeconds: 60 }, "strict-transport-security", "max-age=60"],
  [{ stsSeconds: 60, stsIncludeSubdomains: true }, "strict-transport-security", "max-age=60; includeSubDomains"],
  [
    { stsSeconds: 60, stsIncludeSubdomains: true, stsPreload: true },
    "strict-transport-security",
    "max-age=60; includeSubDomains; preload",
  ],
] as [Headers, string, string][])("%j sends %s: %s", (spec, name, value) => {
  expect(sentWith(spec)[name]).toBe(value);
});

test("Strict-Transport-Security and pins are for clients that use TLS", () => {
  const spec = { stsSeconds: 60, publicKey: "x", frameDeny: true };
  expect(sentWith(spec, { scheme: "http" })).toEqual({ "x-frame-options": "DENY" });
});

test("a header that was named for it proves TLS, by its exact value", () => {
  const spec = { stsSeconds: 60, sslProxyHeaders: { "X-Forwarded-Proto": "https" } };
  const sent = (value: string) => sentWith(spec, { headers: [["x-forwarded-proto", value]] })["strict-transport-security"];
  expect(sent("https")).toBe("max-age=60");
  expect(sent("http")).toBeUndefined();
});

test("forceSTSHeader sends it over plain connections too", () => {
  expect(sentWith({ stsSeconds: 60, forceSTSHeader: true }, { scheme: "http" })["strict-transport-security"]).toBe("max-age=60");
});

test("isDevelopment switches off hosts, Strict-Transport-Security and pins, and nothing else", () => {
  const spec = {
    isDevelopment: true,
    stsSeconds: 60,
    forceSTSHeader: true,
    publicKey: "x",
    allowedHosts: ["a.example"],
    frameDeny: true,
  };
  expect(sentWith(spec)).toEqual({ "x-frame-options": "DENY" });
  expect(securityOf(spec).refuseHost(new FakeExchange({ host: "b.example" }))).toBeUndefined();
});

test.each([
  [["A.example"], { host: "a.example" }],
  [["a.example"], { host: "a.example", authority: "a.example:8080" }],
  [["a.example:8080"], { host: "a.example", authority: "a.example:8080" }],
  [["[::1]"], { host: "[::1]", authority: "[::1]:8080" }],
])("with %j, %j is served", (allowedHosts, request) => {
  expect(securityOf({ allowedHosts }).refuseHost(new FakeExchange(request))).toBeUndefined();
});

test.each([
  [["a.example"], { host: "b.example" }],
  [["a.example"], { host: "" }],
  [["a.example:8080"], { host: "a.example" }],
  [["a.example:8080"], { host: "a.example", authority: "a.example:8081" }],
  [["a.example"], { host: "evil.example", authority: "a.example" }],
])("with %j, %j is refused: even when an earlier middleware changed the Host", (allowedHosts, request) => {
  expect(securityOf({ allowedHosts }).refuseHost(new FakeExchange(request))).toMatchObject({ status: 421 });
});

test("the first header that was named for it holds the host, in place of Host", () => {
  const security = securityOf({ allowedHosts: ["a.example"], hostsProxyHeaders: ["X-Original-Host", "X-Forwarded-Host"] });
  const refusal = (headers: [string, string][], host: string) => security.refuseHost(new FakeExchange({ host, headers }));
  expect(refusal([["x-forwarded-host", "A.example:443"]], "lb.internal")).toBeUndefined();
  expect(refusal([["x-forwarded-host", "b.example"]], "a.example")).toMatchObject({ status: 421 });
  expect(refusal([], "a.example")).toBeUndefined();
});

test("without any security option there is nothing to do", () => {
  expect(prepareSecurity({ addVaryHeader: true, stsSeconds: 0, frameDeny: false, hostsProxyHeaders: ["x-host"] }, [])).toBeNull();
});
