import { expect, test } from "vitest";
import type { LiveLoadBalancer, LiveService } from "./live-load-balancer.ts";
import { LiveWeighted } from "./live-weighted.ts";

function members(...weights: readonly number[]): { service: LiveService; weight: number }[] {
  return weights.map((weight, index) => ({ service: { leaf: () => `s${index}` as unknown as LiveLoadBalancer }, weight }));
}

function choices(weighted: LiveWeighted, count: number): string {
  return Array.from({ length: count }, () => String(weighted.leaf())).join(" ");
}

test("requests are shared exactly by weight, and smoothly", () => {
  expect(choices(new LiveWeighted(members(5, 1, 1)), 7)).toBe("s0 s0 s1 s0 s2 s0 s0");
});

test("a weight of 0 gets nothing, and nothing but zeros gets nobody", () => {
  expect(choices(new LiveWeighted(members(0, 1)), 2)).toBe("s1 s1");
  expect(new LiveWeighted(members(0, 0)).leaf()).toBeNull();
  expect(new LiveWeighted([]).leaf()).toBeNull();
});

test("the share of a member that cannot be built is nobody's, and not the others'", () => {
  const weighted = new LiveWeighted([...members(1), { service: null, weight: 1 }]);
  expect(choices(weighted, 4)).toBe("s0 null s0 null");
});

test("an update with the same weights keeps the turn", () => {
  const weighted = new LiveWeighted(members(1, 1));
  expect(choices(weighted, 1)).toBe("s0");
  weighted.update(members(1, 1));
  expect(choices(weighted, 1)).toBe("s1");
});
