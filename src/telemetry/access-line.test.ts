import { expect, test } from "vitest";
import { type AccessFormat, accessLine } from "./access-line.ts";
import { ACCESS_FIELDS, type AccessEntry, type AccessLogOptions } from "./access-log.ts";
import { type ByteRange, LineWriter } from "./line-writer.ts";

/** Within more. */
function range(text: string): ByteRange {
  return { bytes: Buffer.from(`<${text}>`, "latin1"), start: 1, end: text.length + 1 };
}

const ENTRY: AccessEntry = {
  startMs: Date.UTC(2026, 10, 5, 6, 7, 8, 9),
  durationMs: 12.3456,
  client: "192.0.2.7",
  entryPoint: "web",
  isTls: false,
  method: "GET",
  host: "a.test",
  target: range("/p?q=1"),
  protocol: "HTTP/1.1",
  status: 200,
  failure: "",
  router: "IngressRoute/shop/cart",
  service: "Service/shop/cart",
  server: "10.0.0.1:8080",
  attempts: 1,
  requestBytes: 0,
  responseBytes: 512,
  header: (name) => {
    const value = HEADERS.find(([given]) => given.toLowerCase() === name)?.[1];
    return value === undefined ? null : range(value);
  },
  headers: () => HEADERS,
  responseHeaders: () => RESPONSE_HEADERS,
};
const RESPONSE_HEADERS = [
  ["Set-Cookie", "a=1"],
  ["set-cookie", "b=2"],
  ["Content-Type", "text/plain"],
] as const;
const HEADERS = [
  ["User-Agent", 'curl "8"'],
  ["Authorization", "Basic c2VjcmV0"],
  ["X-A", "1"],
  ["x-a", "2"],
] as const;

function line(format: AccessFormat, options: Partial<AccessLogOptions> = {}, entry: Partial<AccessEntry> = {}): string {
  const writer = new LineWriter(16);
  accessLine({ format, fields: ACCESS_FIELDS, headers: {}, ...options })({ ...ENTRY, ...entry }, writer);
  return Buffer.from(writer.take()).toString();
}

test("a line of JSON holds every field, under its name", () => {
  const text = line("json");
  expect(text.endsWith("}\n")).toBe(true);
  const parsed = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(parsed)).toEqual(ACCESS_FIELDS);
  expect(parsed).toMatchObject({ time: "2026-11-05T06:07:08.009Z", durationMs: 12.346, path: "/p", query: "q=1", tls: false });
  expect(parsed).toMatchObject({ status: 200, router: "IngressRoute/shop/cart", responseBytes: 512, requestHeaders: {} });
});

test("a line of JSON holds the fields asked for, in their order", () => {
  expect(line("json", { fields: ["status", "method"] })).toBe('{"status":200,"method":"GET"}\n');
  expect(line("json", { fields: [] })).toBe("{}\n");
});

test.each([
  [{}, {}],
  [{ "x-a": "keep" }, { "x-a": "1, 2" }],
  [
    { authorization: "redact", "user-agent": "keep" },
    { authorization: "REDACTED", "user-agent": 'curl "8"' },
  ],
  [
    { "*": "redact", "x-a": "drop" },
    { authorization: "REDACTED", "user-agent": "REDACTED" },
  ],
] as const)("with headers %j a line of JSON shows %j", (headers, shown) => {
  expect(JSON.parse(line("json", { headers, fields: ["requestHeaders"] }))).toEqual({ requestHeaders: shown });
});

test.each([
  [{}, {}],
  [{ "content-type": "keep" }, { "content-type": "text/plain" }],
  [
    { "*": "keep", "set-cookie": "redact" },
    { "content-type": "text/plain", "set-cookie": "REDACTED" },
  ],
  [{ "*": "keep", "set-cookie": "drop" }, { "content-type": "text/plain" }],
] as const)("with response headers %j a line of JSON shows %j", (responseHeaders, shown) => {
  expect(JSON.parse(line("json", { responseHeaders, fields: ["responseHeaders"] }))).toEqual({ responseHeaders: shown });
});

test("a header named like a member of every object is a header", () => {
  const odd: AccessEntry["headers"] = () => [
    ["constructor", "1"],
    ["__proto__", "2"],
  ];
  const text = line("json", { headers: { "*": "keep" }, fields: ["requestHeaders"] }, { headers: odd });
  expect(text).toBe('{"requestHeaders":{"constructor":"1","__proto__":"2"}}\n');
});

test("what a client says cannot break out of its line, in JSON or in CLF", () => {
  const entry = { target: range('/"\\\x07\xe9'), header: () => range('evil"\n200\x1b') };
  expect(JSON.parse(line("json", {}, entry))).toMatchObject({ path: '/"\\\x07\xe9' });
  const text = line("clf", {}, entry);
  expect(text).toContain('"GET /\\x22\\x5c\\x07\\xe9 HTTP/1.1"');
  expect(text).toContain('"evil\\x22\\x0a200\\x1b"');
  expect(text.trimEnd()).not.toContain("\n");
});

test("a line of CLF is of the combined format, then router, server and time", () => {
  expect(line("clf")).toBe(
    '192.0.2.7 - - [05/Nov/2026:06:07:08 +0000] "GET /p?q=1 HTTP/1.1" 200 512 "-" "curl \\x228\\x22" ' +
      '"IngressRoute/shop/cart" "10.0.0.1:8080" 12ms\n',
  );
});

test("what is left out of CLF, or is not there, leaves its place", () => {
  const options = { fields: ["time", "status"], headers: { "user-agent": "redact" } } as const;
  expect(line("clf", options)).toBe('- - - [05/Nov/2026:06:07:08 +0000] "- - -" 200 - "-" "REDACTED" - - -\n');
  const unread = { method: "", target: range(""), protocol: "", status: 400, responseBytes: 0, router: "", server: "" };
  expect(line("clf", {}, unread)).toContain('] "-" 400 - "-" "curl \\x228\\x22" "-" "-" 12ms\n');
});
