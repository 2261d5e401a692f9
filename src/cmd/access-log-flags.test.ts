import { expect, test } from "vitest";
import { ACCESS_FIELDS } from "../telemetry/access-log.ts";
import { accessLogOf, parseFields, parseHeaders } from "./access-log-flags.ts";

test("fields are named, or left out", () => {
  expect(parseFields("status, method,status")).toEqual(["status", "method"]);
  expect(parseFields("-query,-requestHeaders")).toEqual(
    ACCESS_FIELDS.filter((field) => !["query", "requestHeaders"].includes(field)),
  );
  expect(() => parseFields("status,-method")).toThrow(/Either/);
  expect(() => parseFields("stauts")).toThrow(/There is no field "stauts"/);
});

test("headers are kept, dropped or redacted by name, in any case", () => {
  expect(parseHeaders("User-Agent=keep, Cookie=redact,*=drop")).toEqual({ "user-agent": "keep", cookie: "redact", "*": "drop" });
  for (const wrong of ["User-Agent", "a=show", "=keep", "a b=keep"]) expect(() => parseHeaders(wrong)).toThrow(/NAME=keep/);
});

test("without a format there is no log, and a file for it is a mistake", () => {
  const flags = { accessLogFields: ACCESS_FIELDS, accessLogHeaders: {} };
  expect(accessLogOf(flags)).toEqual({});
  expect(() => accessLogOf({ ...flags, accessLogFile: "/tmp/x" })).toThrow(/--access-log/);
  expect(() => accessLogOf({ ...flags, accessLog: "json", accessLogFile: "/no/such/folder/x" })).toThrow(/cannot be written/);
  expect(accessLogOf({ ...flags, accessLog: "clf" }).accessLog?.options.format).toBe("clf");
  const responses = parseHeaders("Set-Cookie=redact");
  expect(accessLogOf({ ...flags, accessLog: "json", accessLogResponseHeaders: responses }).accessLog?.options).toMatchObject({
    headers: {},
    responseHeaders: { "set-cookie": "redact" },
  });
});
