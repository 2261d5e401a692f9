import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

test("only addresses that never leave the machine are loopback", () => {
  for (const host of ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]) {
    expect(isLoopback(host), host).toBe(true);
  }
  for (const host of [
    "",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "128.0.0.1",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "fe80::1",
  ]) {
    expect(isLoopback(host), host).toBe(false);
  }
});
