import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { mallocMemory } from "./malloc.ts";

const MIB = 1 << 20;

test("what is free is not in use, and blocks of their own mappings are", () => {
  const xml = `<malloc version="1">
<heap nr="0"><total type="fast" count="1" size="7"/><total type="rest" count="1" size="7"/><system type="current" size="7"/></heap>
<total type="fast" count="3" size="${1 * MIB}"/>
<total type="rest" count="9" size="${4 * MIB}"/>
<total type="mmap" count="2" size="${8 * MIB}"/>
<system type="current" size="${30 * MIB}"/>
<system type="max" size="${99 * MIB}"/>
</malloc>`;
  expect(mallocMemory(xml)).toEqual({ inUseMib: 33, freeMib: 5 });
});

test.runIf(process.platform === "linux")("a process with glibc tells of its allocator", () => {
  const script = `const { mallocGauge } = await import(${JSON.stringify(new URL("malloc.ts", import.meta.url))});
    const gauge = await mallocGauge();
    const before = gauge();
    globalThis.kept = Buffer.alloc(${20 * MIB}, 1);
    console.log(JSON.stringify([before, gauge()]));`;
  const flags = ["--experimental-ffi", "--input-type=module", "--eval", script];
  const [before, after] = JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8", stdio: "pipe" }));
  expect(before.freeMib).toBeGreaterThanOrEqual(0);
  expect(after.inUseMib - before.inUseMib).toBeGreaterThan(19);
});
