import { expect, test } from "vitest";
import { fulfils, refusal } from "../request-sample.ts";

test.each([
  ["a.example", "a.example", true],
  ["A.Example", "a.example", true],
  ["a.example.", "a.example", true],
  ["a.example", "b.example", false],
  ["a.example", "x.a.example", false],
  ["a.example", "", false],
  ["localhost", "localhost", true],
  ["_dmarc.example", "_dmarc.example", true],
  ["192.0.2.7", "192.0.2.7", true],
  ["[2001:db8::1]", "[2001:db8::1]", true],
  ["*.example", "a.example", true],
  ["*.Example.", "a.example", true],
  ["*.example", "example", false],
  ["*.example", ".example", false],
  ["*.example", "a.b.example", false],
  ["*.example", "a.xexample", false],
  ["*.b.example", "a.b.example", true],
  ["*", "a.example", true],
  ["*", "", true],
])("Host(`%s`) on host %j gives %s", (wanted, host, expected) => {
  expect(fulfils(`Host(\`${wanted}\`)`, { host })).toBe(expected);
});

test.each([
  ["a.example:8080", 'host "a.example:8080" has a port', 'write "a.example": hosts are compared without port'],
  ["[::1]:80", 'host "[::1]:80" has a port', 'write "[::1]": hosts are compared without port'],
  ["::1", 'host "::1" lacks brackets', 'write "[::1]"'],
  ["bücher.example", 'host "bücher.example" is not ASCII', 'write "xn--bcher-kva.example"'],
  ["a.*.example", 'host "a.*.example" has a wildcard that is not its whole first label', "use HostRegexp for other patterns"],
  ["*.*.example", 'host "*.example" has a wildcard that is not its whole first label', "use HostRegexp for other patterns"],
  ["a*.example", 'host "a*.example" has a wildcard that is not its whole first label', "use HostRegexp for other patterns"],
  ...["http://a.example", "a b", "a..b", "-a.example", ".", `${"a".repeat(64)}.example`, `${"a.".repeat(127)}a`].map(
    (host): [string, string, string] => [
      host,
      "is not a host name",
      "a host is labels of letters, digits, hyphens and underscores, joined by dots",
    ],
  ),
])("Host(`%s`) is refused", (host, message, hint) => {
  const [code, said, hinted] = refusal(`Host(\`${host}\`)`);
  expect(code).toBe("InvalidRule");
  expect(said).toContain(message);
  expect(hinted).toBe(hint);
});
