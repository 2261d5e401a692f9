import { expect, test } from "vitest";
import { parseAuthority } from "./authority.ts";

test.each([
  ["", "", -1],
  ["Example.COM", "example.com", -1],
  ["example.com.", "example.com", -1],
  ["example.com:8080", "example.com", 8080],
  ["example.com:", "example.com", -1],
  ["my_service.ns:80", "my_service.ns", 80],
  ["127.0.0.1:1", "127.0.0.1", 1],
  ["[2001:DB8::1]:443", "[2001:db8::1]", 443],
  [`${"a".repeat(255)}:65535`, "a".repeat(255), 65_535],
])("%j is host %j with port %d", (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port });
});

test.each([
  "a b",
  "user@example.com",
  "example.com:80:80",
  "example.com:99999",
  "example.com:8o",
  ".",
  ".example.com",
  "a..b",
  "[::1",
  "[1.2.3.4]",
  "[::g]",
  "exa%6dple.com",
  "a/b",
  "a,b",
  `${"a".repeat(256)}`,
  `a.test:${"8".repeat(60_000)}`,
])("%j is no authority", (text) => {
  expect(parseAuthority(text)).toBeNull();
});
