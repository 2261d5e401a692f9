import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { encodeResource } from "../../model/encode.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { match, router } from "../worker/routing-case.ts";
import { LAST_GOOD_NAME, LastGoodFile } from "./last-good-file.ts";

/** A clock that stands still; timers run when they are told to. */
class StillClock implements Clock {
  nowMs = 0;
  readonly timers: { readonly delayMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run };
    this.timers.push(timer);
    return () => void this.#remove(timer);
  }

  fire(): void {
    const timer = this.timers.shift();
    if (timer === undefined) throw new Error("no timer is set");
    this.nowMs += timer.delayMs;
    timer.run();
  }

  #remove(timer: (typeof this.timers)[0]): void {
    const at = this.timers.indexOf(timer);
    if (at >= 0) this.timers.splice(at, 1);
  }
}

let directory = "";
let clock = new StillClock();
let problems: Error[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "last-good-"));
  clock = new StillClock();
  problems = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function newFile(folder = directory): LastGoodFile {
  return new LastGoodFile(folder, null, clock, (cause) => problems.push(cause));
}

function resources(name: string): EncodedResource[] {
  return [encodeResource(router(name, match("Host", "a.test")))];
}

async function namesOnDisk(): Promise<string[]> {
  const read = await newFile().read();
  if (!read.ok) throw new Error(read.error);
  return (read.value?.resources ?? []).map((resource) => resource.id);
}

test("there is nothing to read at first, and what was saved afterwards", async () => {
  expect(await newFile().read()).toEqual({ ok: true, value: null });
  const file = newFile(join(directory, "made", "when", "needed"));
  file.save(resources("a"));
  await file.flush();
  const read = await file.read();
  expect(read.ok && read.value?.resources).toHaveLength(1);
  expect((await stat(join(directory, "made", "when", "needed", LAST_GOOD_NAME))).mode & 0o777).toBe(0o600);
});

test("many saves make one write at a time, once per interval, and the newest is on disk in the end", async () => {
  const file = newFile();
  file.save(resources("a"));
  file.save(resources("b"));
  expect(clock.timers.map((timer) => timer.delayMs)).toEqual([0]);
  clock.fire();
  file.save(resources("c"));
  expect(clock.timers).toEqual([]);
  await expect.poll(namesOnDisk).toEqual([expect.stringContaining("/b/")]);
  await expect.poll(() => clock.timers.map((timer) => timer.delayMs)).toEqual([1000]);
  file.save(resources("d"));
  expect(clock.timers).toHaveLength(1);
  await file.flush();
  expect(await namesOnDisk()).toEqual([expect.stringContaining("/d/")]);
  expect(clock.timers).toEqual([]);
  expect(await readdir(directory)).toEqual([LAST_GOOD_NAME]);
});

test("a write that fails is told, and the next save tries again", async () => {
  const folder = join(directory, "in-the-way");
  await writeFile(folder, "a file where the folder should be");
  const file = newFile(folder);
  file.save(resources("a"));
  await file.flush();
  expect(problems).toHaveLength(1);
  await rm(folder);
  file.save(resources("b"));
  await file.flush();
  expect(problems).toHaveLength(1);
  const read = await file.read();
  expect(read.ok && read.value?.resources).toHaveLength(1);
});

test("a damaged file is refused with a reason", async () => {
  await writeFile(join(directory, LAST_GOOD_NAME), "nonsense");
  expect(await newFile().read()).toEqual({ ok: false, error: "it does not begin as a snapshot does" });
});
