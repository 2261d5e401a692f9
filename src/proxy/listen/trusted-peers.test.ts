import { expect, test } from "vitest";
import { plainAddress, TrustedPeers } from "./trusted-peers.ts";

test("addresses inside a CIDR are trusted, others are not", () => {
  const peers = new TrustedPeers(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);
  for (const address of ["10.1.2.3", "192.0.2.7", "2001:db8::1"]) expect(peers.has(address)).toBe(true);
  for (const address of ["11.0.0.1", "192.0.2.8", "2001:db9::1"]) expect(peers.has(address)).toBe(false);
});

test("no list trusts nobody, and neither does one of nonsense", () => {
  expect(new TrustedPeers([]).has("127.0.0.1")).toBe(false);
  expect(new TrustedPeers(["everybody", "10.0.0.0/99", ""]).has("10.0.0.1")).toBe(false);
});

test("a peer's address is plain: IPv4 in IPv6 clothes is IPv4, and a zone says nothing", () => {
  expect(plainAddress("::ffff:10.0.0.1")).toBe("10.0.0.1");
  expect(plainAddress("fe80::1%eth0")).toBe("fe80::1");
  expect(plainAddress("::1")).toBe("::1");
});
