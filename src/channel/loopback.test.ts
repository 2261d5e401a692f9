import { expect, test } from "vitest";
import { operatorUrlProblem } from "./client.ts";
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

test("a proxy is told what is wrong with its operator's URL", () => {
  expect(operatorUrlProblem("http://127.0.0.1:9090")).toBeNull();
  expect(operatorUrlProblem("http://[::1]:9090/")).toBeNull();
  expect(operatorUrlProblem("nonsense")).toBe('"nonsense" is not a URL; write it as in http://127.0.0.1:9090');
  expect(operatorUrlProblem("https://127.0.0.1:9090")).toBe('"https://127.0.0.1:9090" must begin with http://');
  expect(operatorUrlProblem("http://127.0.0.1:9090/x")).toBe('"http://127.0.0.1:9090/x" must not have a path');
  expect(operatorUrlProblem("http://operator.fairway:9090")).toBe(
    "the channel is plaintext and carries private keys, so the operator must be on a loopback address, not on operator.fairway",
  );
});
