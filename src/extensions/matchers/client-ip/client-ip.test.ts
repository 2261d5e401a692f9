import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.1.2.3/8", "10.9.9.9", true],
  ["10.1.2.3", "10.1.2.3", true],
  ["10.1.2.3", "10.1.2.4", false],
  ["0.0.0.0/0", "203.0.113.9", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["::/0", "2001:db8::1", true],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["10.0.0.0/8", "::ffff:11.0.0.1", false],
  ["::ffff:10.0.0.0/104", "10.0.0.1", true],
  ["2001:db8::/32", "2001:db8:1::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:DB8::1", "2001:db8:0:0::1", true],
  ["10.0.0.0/8", "", false],
])("ClientIP(`%s`) on address %j gives %s", (range, clientAddress, expected) => {
  expect(fulfils(`ClientIP(\`${range}\`)`, { clientAddress })).toBe(expected);
});

test("a forwarded address does not count", () => {
  const headers = { "x-forwarded-for": ["10.0.0.1"], "x-real-ip": ["10.0.0.1"] };
  expect(fulfils("ClientIP(`10.0.0.0/8`)", { clientAddress: "192.0.2.1", headers })).toBe(false);
});

test.each([
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/-1",
  "10.0.0.0/8/8",
  "10.0.0",
  "::1/129",
  "fe80::1%eth0",
  "example.com",
  "010.0.0.1",
])("ClientIP(`%s`) is refused", (range) => {
  expect(refusal(`ClientIP(\`${range}\`)`)).toEqual([
    "InvalidRule",
    `"${range}" is not an IP address or CIDR at column 10`,
    "write an address or a range such as `10.0.0.0/8` or `2001:db8::/32`",
  ]);
});
