import { expect, test } from "vitest";
import type { Headers } from "../../../schema/gen/middleware.ts";
import type { OptionProblem } from "../contract.ts";
import type { Reply } from "../exchange.ts";
import { FakeExchange, type FakeRequest } from "../fake-exchange.ts";
import { type Cors, createCors, prepareCors } from "./cors.ts";

function corsOf(spec: Headers): Cors {
  const problems: OptionProblem[] = [];
  const config = prepareCors(spec, problems);
  expect(problems).toEqual([]);
  if (config === null) throw new Error("no effect");
  return createCors(config);
}

function preflightOf(spec: Headers, origin: string): Reply | undefined {
  return corsOf(spec).preflight(
    new FakeExchange({
      method: "OPTIONS",
      headers: [
        ["origin", origin],
        ["access-control-request-method", "PUT"],
      ],
    }),
  );
}

function responseTo(spec: Headers, origin: string | null, own: [string, string][] = []): FakeExchange["responseHeaders"] {
  const exchange = new FakeExchange({
    headers: origin === null ? [] : [["origin", origin]],
    response: { status: 200, headers: own },
  });
  corsOf(spec).editResponse(exchange);
  return exchange.responseHeaders;
}

test("a preflight is answered with everything the options say", () => {
  const spec = {
    accessControlAllowOriginList: ["https://a.example"],
    accessControlAllowMethods: ["GET", "PUT"],
    accessControlAllowHeaders: ["X-A", "X-B"],
    accessControlAllowCredentials: true,
    accessControlMaxAge: 600,
    addVaryHeader: true,
  };
  expect(preflightOf(spec, "https://a.example")).toEqual({
    status: 200,
    headers: [
      ["access-control-allow-origin", "https://a.example"],
      ["access-control-allow-credentials", "true"],
      ["access-control-allow-headers", "X-A, X-B"],
      ["access-control-allow-methods", "GET, PUT"],
      ["access-control-max-age", "600"],
      ["vary", "Origin"],
    ],
    body: "",
  });
});

test("a preflight from another origin is answered too, but names no origin", () => {
  const reply = preflightOf({ accessControlAllowOriginList: ["https://a.example"] }, "https://b.example");
  expect(reply).toEqual({ status: 200, headers: [["access-control-max-age", "0"]], body: "" });
});

test.each([
  [{ method: "GET" }, "another method"],
  [{ headers: [["access-control-request-method", "PUT"]] }, "no origin"],
  [{ headers: [["origin", "https://a.example"]] }, "no method asked for"],
] as [FakeRequest, string][])("%j is no preflight: %s", (request) => {
  const cors = corsOf({ accessControlAllowOriginList: ["*"] });
  expect(cors.preflight(new FakeExchange({ method: "OPTIONS", ...request }))).toBeUndefined();
});

test.each([
  [{ accessControlAllowOriginList: ["*"] }, "https://a.example", "*"],
  [{ accessControlAllowOriginList: ["*"], accessControlAllowCredentials: true }, "https://a.example", "https://a.example"],
  [{ accessControlAllowOriginList: ["https://a.example"] }, "https://a.example", "https://a.example"],
  [{ accessControlAllowOriginList: ["https://a.example"] }, "https://a.example.evil", undefined],
  [{ accessControlAllowOriginList: ["https://a.example"] }, null, undefined],
  [{ accessControlAllowOriginListRegex: ["^https://[a-z]+\\.example$"] }, "https://b.example", "https://b.example"],
  [{ accessControlAllowOriginListRegex: ["^https://[a-z]+\\.example$"] }, "https://b.example.evil", undefined],
] as [Headers, string | null, string | undefined][])("%j lets %s read as %s", (spec, origin, allowed) => {
  expect(new Map(responseTo(spec, origin)).get("access-control-allow-origin")).toBe(allowed);
});

test("what the upstream says about origins is replaced, and other headers are told to scripts", () => {
  const spec = { accessControlAllowOriginList: ["*"], accessControlExposeHeaders: ["X-A", "X-B"] };
  expect(responseTo(spec, "https://a.example", [["access-control-allow-origin", "https://old.example"]])).toEqual([
    ["access-control-allow-origin", "*"],
    ["access-control-expose-headers", "X-A, X-B"],
  ]);
});

test.each([
  [null, ["Origin"]],
  ["Accept-Encoding", ["Accept-Encoding", "Origin"]],
  ["accept, origin", ["accept, origin"]],
  ["*", ["*"]],
  ["X-Origin", ["X-Origin", "Origin"]],
])("with addVaryHeader, Vary %j becomes %j", (own, expected) => {
  const varies = responseTo({ addVaryHeader: true }, null, own === null ? [] : [["vary", own]]);
  expect(varies.filter(([name]) => name === "vary").map(([, value]) => value)).toEqual(expected);
});

test("a pattern that cannot be linear is refused, and its place told", () => {
  const problems: OptionProblem[] = [];
  prepareCors({ accessControlAllowOriginListRegex: ["^ok$", "(?=a)b"] }, problems);
  expect(problems).toMatchObject([{ code: "InvalidRegex", field: "accessControlAllowOriginListRegex[1]" }]);
});

test("without any CORS option there is no CORS", () => {
  expect(prepareCors({ frameDeny: true, accessControlMaxAge: 0, addVaryHeader: false }, [])).toBeNull();
});
