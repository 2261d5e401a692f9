import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { encodeResource } from "../../model/encode.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { match, router } from "../worker/routing-case.ts";
import type { Changes } from "./last-good-changes.ts";
import { CHANGES_NAME, LAST_GOOD_NAME, LastGoodFile, WRITE_DELAY_MS, WRITE_INTERVAL_MS } from "./last-good-file.ts";

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

function named(name: string): EncodedResource {
  return encodeResource(router(name, match("Host", "a.test")));
}

/** A router comes, and others go. */
function change(name: string, ...gone: readonly string[]): Changes {
  const come = named(name);
  return [[come.id, come], ...gone.map((other) => [named(other).id, null] as const)];
}

async function namesOnDisk(): Promise<string[]> {
  const read = await newFile().read();
  if (!read.ok) throw new Error(read.error);
  return (read.value?.resources ?? []).map((resource) => resource.id);
}

test("there is nothing to read at first, and what was saved afterwards", async () => {
  expect(await newFile().read()).toEqual({ ok: true, value: null });
  const file = newFile(join(directory, "made", "when", "needed"));
  file.save(change("a"));
  await file.flush();
  const read = await file.read();
  expect(read.ok && read.value?.resources).toHaveLength(1);
  expect((await stat(join(directory, "made", "when", "needed", LAST_GOOD_NAME))).mode & 0o777).toBe(0o600);
});

test("many saves make one write at a time, once per interval, and the newest is on disk in the end", async () => {
  const file = newFile();
  file.save(change("a"));
  file.save(change("b", "a"));
  expect(clock.timers.map((timer) => timer.delayMs)).toEqual([WRITE_DELAY_MS]);
  clock.fire();
  file.save(change("c"));
  expect(clock.timers).toEqual([]);
  await expect.poll(namesOnDisk).toEqual([expect.stringContaining("/b/")]);
  await expect.poll(() => clock.timers.map((timer) => timer.delayMs)).toEqual([WRITE_INTERVAL_MS]);
  file.save(change("d", "c", "b"));
  expect(clock.timers).toHaveLength(1);
  await file.flush();
  expect(await namesOnDisk()).toEqual([expect.stringContaining("/d/")]);
  expect(clock.timers).toEqual([]);
  expect((await readdir(directory)).sort()).toEqual([CHANGES_NAME, LAST_GOOD_NAME]);
});

test("a write that fails is told, and the next save tries again", async () => {
  const folder = join(directory, "in-the-way");
  await writeFile(folder, "a file where the folder should be");
  const file = newFile(folder);
  file.save(change("a"));
  await file.flush();
  expect(problems).toHaveLength(1);
  await rm(folder);
  file.save(change("b"));
  await file.flush();
  expect(problems).toHaveLength(1);
  const read = await file.read();
  expect(read.ok && read.value?.resources).toHaveLength(2);
});

test("a damaged file is refused with a reason", async () => {
  await writeFile(join(directory, LAST_GOOD_NAME), "nonsense");
  expect(await newFile().read()).toEqual({ ok: false, error: "it does not begin as a snapshot does" });
});

test("a write costs what changed, until changes have grown as large as what they change", async () => {
  const file = newFile();
  file.save(Array.from({ length: 2_000 }, (_, i) => named(`route-${i}`)).map((resource) => [resource.id, resource]));
  await file.flush();
  const whole = (await stat(join(directory, LAST_GOOD_NAME))).size;
  const wholeWrites = new Set<number>();
  let [mostAdded, before] = [0, 0];
  for (let edit = 0; edit < 50; edit++) {
    const many = Array.from({ length: 100 }, (_, i) => named(`edited-${edit}-${i}`));
    file.save(edit % 2 === 0 ? [[many[0]?.id as ResourceId, many[0] ?? null]] : many.map((resource) => [resource.id, resource]));
    await file.flush();
    wholeWrites.add((await stat(join(directory, LAST_GOOD_NAME))).ino);
    const added = (await stat(join(directory, CHANGES_NAME))).size - before;
    before += added;
    if (edit % 2 === 0) mostAdded = Math.max(mostAdded, added);
  }
  expect(whole).toBeGreaterThan(400_000);
  expect(mostAdded).toBeLessThan(2_000);
  expect(wholeWrites.size).toBeLessThan(4);
  expect(await namesOnDisk()).toHaveLength(2_000 + 25 + 25 * 100);
});

test("changes to a snapshot that is no longer there count for nothing", async () => {
  const first = newFile();
  first.save(change("a"));
  await first.flush();
  first.save(change("b"));
  await first.flush();
  const changes = await readFile(join(directory, CHANGES_NAME));
  const second = newFile();
  second.save(change("c"));
  await second.flush();
  await writeFile(join(directory, CHANGES_NAME), changes);
  expect(await namesOnDisk()).toEqual([expect.stringContaining("/c/")]);
});
