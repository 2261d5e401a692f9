import { expect, test } from "vitest";
import { Names } from "./names.ts";

test("whoever subscribed is told of news, and of nothing else", () => {
  const names = new Names();
  let told = 0;
  const unsubscribe = names.subscribe(() => told++);
  names.update([{ hostname: "a.test", addresses: ["192.0.2.1"] }]);
  names.update([{ hostname: "a.test", addresses: ["192.0.2.1"] }]);
  expect([told, names.addressesOf("a.test"), names.addressesOf("b.test")]).toEqual([1, ["192.0.2.1"], []]);
  unsubscribe();
  names.update([{ hostname: "a.test", addresses: [] }]);
  expect(told).toBe(1);
});

test("names that nobody needs any more are forgotten without a word", () => {
  const names = new Names();
  names.update([
    { hostname: "a.test", addresses: ["192.0.2.1"] },
    { hostname: "b.test", addresses: ["192.0.2.2"] },
  ]);
  let told = 0;
  names.subscribe(() => told++);
  names.keepOnly(["b.test"]);
  expect([told, names.addressesOf("a.test"), names.addressesOf("b.test")]).toEqual([0, [], ["192.0.2.2"]]);
});
