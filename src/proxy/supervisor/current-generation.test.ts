import { expect, test } from "vitest";
import type { GenerationUpdate, ShardUpdate } from "../messages.ts";
import { CurrentGeneration } from "./current-generation.ts";

function shard(shard: number): ShardUpdate {
  return { shard, bytes: new SharedArrayBuffer(8) };
}

function update(sequence: number, index: readonly ShardUpdate[], resources: readonly ShardUpdate[]): GenerationUpdate {
  return { sequence, version: `v${sequence}`, entryPoints: [], index, resources, hostnames: [] };
}

const first = update(1, [shard(0), shard(1)], [shard(0), shard(5)]);
const second = update(2, [shard(1)], [shard(6)]);
const third = update(3, [shard(2)], [shard(5)]);

function afterTwo(): CurrentGeneration {
  const current = new CurrentGeneration();
  current.take(first);
  current.take(second);
  return current;
}

test("before the first generation there is nothing, and the first is for everybody as it is", () => {
  const current = new CurrentGeneration();
  expect(current.whole()).toBeNull();
  expect(current.for(0)).toBeNull();
  expect(current.next(first, 0)).toBe(first);
});

test("the newest of each shard makes the whole", () => {
  const whole = afterTwo().whole();
  expect(whole).toMatchObject({ sequence: 2, version: "v2" });
  expect(whole?.index).toEqual([first.index[0], second.index[0]]);
  expect(whole?.resources).toEqual([...first.resources, ...second.resources]);
});

test("who holds the current generation needs no shard of it, who holds another one all", () => {
  const current = afterTwo();
  expect(current.for(2)).toMatchObject({ sequence: 2, index: [], resources: [] });
  expect(current.for(1)).toEqual(current.whole());
});

test("the next generation leads on from the current one: who holds an older one gets everything with it", () => {
  const current = afterTwo();
  expect(current.next(third, 2)).toBe(third);
  const whole = current.next(third, 1);
  expect(whole).toMatchObject({ sequence: 3, version: "v3" });
  expect(whole.index).toEqual([first.index[0], second.index[0], third.index[0]]);
  expect(whole.resources).toEqual([first.resources[0], third.resources[0], second.resources[0]]);
  expect(current.sequence).toBe(2);
});
