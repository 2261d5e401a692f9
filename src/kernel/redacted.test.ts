import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Redacted } from "./redacted.ts";

test("a secret shows itself only when asked by name", () => {
  const secret = new Redacted("hunter2");
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`].join()).not.toContain("hunter2");
  expect(secret.reveal()).toBe("hunter2");
});
