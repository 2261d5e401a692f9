import { expect, test } from "vitest";
import { type CpuProfile, sharesOf } from "./profile.ts";

const FRAMES = [
  ["(root)", ""],
  ["(idle)", ""],
  ["writeBuffer", ""],
  ["parse", "file:///x/src/proxy/http1/request-parser.ts"],
  ["read", "file:///x/src/proxy/http1/request-target.ts"],
  ["onread", "node:internal/stream_base_commons"],
] as const;

const PROFILE: CpuProfile = {
  nodes: FRAMES.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } })),
  samples: [1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 3],
};

test("shares are of the busy time, by folder of ours, module of Node's and native function", () => {
  expect(sharesOf(PROFILE)).toEqual([
    ["native writeBuffer", 0.5],
    ["src/proxy/http1", 0.375],
    ["node:internal/stream_base_commons", 0.125],
  ]);
});
