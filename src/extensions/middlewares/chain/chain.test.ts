import { expect, test } from "vitest";
import { chain } from "./chain.ts";

test("the members of a chain are told in order, each with its field", () => {
  const members = chain.members?.({ middlewares: [{ name: "auth" }, { name: "limits", namespace: "platform" }] });
  expect(members).toEqual([
    { name: "auth", namespace: undefined, field: "middlewares[0]" },
    { name: "limits", namespace: "platform", field: "middlewares[1]" },
  ]);
});

test("a chain is never created: its members take its place", () => {
  const prepared = chain.prepare({ middlewares: [{ name: "auth" }] });
  expect(prepared).toEqual({ ok: true, value: null });
  expect(() => chain.create(null)).toThrow("replaced by its members");
});
