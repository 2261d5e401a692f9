import { expect, test } from "vitest";
import { collectEntryPoint, collectName, DEFAULT_ENTRY_POINTS, parseCount, parseHostPort } from "./entry-point-flags.ts";

test("one flag replaces both default entry points, the next ones are added", () => {
  const one = collectEntryPoint("web=:80", DEFAULT_ENTRY_POINTS);
  const two = collectEntryPoint("secure=[::1]:443,tls", one);
  expect(two.map(({ name, host, port, tls }) => ({ name, host, port, tls }))).toEqual([
    { name: "web", host: "", port: 80, tls: false },
    { name: "secure", host: "::1", port: 443, tls: true },
  ]);
});

test("an entry point may say whose forwarded headers are believed, and whose connections begin with a PROXY protocol header", () => {
  const flag = "web=:80,trust=10.0.0.0/8,proxy=192.0.2.1,proxy=2001:db8::/32,tls";
  expect(collectEntryPoint(flag, DEFAULT_ENTRY_POINTS)).toMatchObject([
    { tls: true, trustedProxies: ["10.0.0.0/8"], proxyProtocolFrom: ["192.0.2.1", "2001:db8::/32"] },
  ]);
  expect(() => collectEntryPoint("web=:80,proxy=localhost", DEFAULT_ENTRY_POINTS)).toThrow(
    '"localhost" is no address and no range, as in 10.0.0.7 or 10.0.0.0/8.',
  );
});

test("an address is an IP address and a port", () => {
  expect(parseHostPort("127.0.0.1:8080")).toEqual({ host: "127.0.0.1", port: 8080 });
  expect(parseHostPort("localhost:0")).toEqual({ host: "127.0.0.1", port: 0 });
  expect(parseHostPort("*:80")).toEqual({ host: "", port: 80 });
  expect(parseHostPort(":65535")).toEqual({ host: "", port: 65_535 });
});

test.each([
  ["8080", "Write it as HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080."],
  ["::1:8080", "Write it as HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080."],
  ["[10.0.0.1]:80", '"10.0.0.1" is not an IPv6 address.'],
  ["example.com:80", '"example.com" is not an IP address.'],
  ["127.0.0.1:65536", "A port is at most 65535."],
])("%s is refused as an address", (text, message) => {
  expect(() => parseHostPort(text)).toThrow(message);
});

test.each([
  [":8080", "Write it as NAME=HOST:PORT[,tls][,trust=CIDR][,proxy=CIDR]; NAME is letters, digits and hyphens."],
  ["we b=:8080", "Write it as NAME=HOST:PORT[,tls][,trust=CIDR][,proxy=CIDR]; NAME is letters, digits and hyphens."],
  ["web=:8080,ssl", '"ssl" is not known; write it as NAME=HOST:PORT[,tls][,trust=CIDR][,proxy=CIDR].'],
])("%s is refused as an entry point", (text, message) => {
  expect(() => collectEntryPoint(text, DEFAULT_ENTRY_POINTS)).toThrow(message);
});

test("a name given twice is refused for entry points, and counts once for classes", () => {
  const one = collectEntryPoint("web=:80", DEFAULT_ENTRY_POINTS);
  expect(() => collectEntryPoint("web=:81", one)).toThrow('"web" is given twice.');
  expect(collectName("a", collectName("b", collectName("a", [])))).toEqual(["a", "b"]);
});

test("a count is a whole number", () => {
  expect(parseCount("4")).toBe(4);
  for (const text of ["0", "-1", "1.5", "two", "", "1025"]) expect(() => parseCount(text)).toThrow("whole number");
});
