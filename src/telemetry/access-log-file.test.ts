import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ACCESS_WAITING_BYTES_MAX, AccessLogFile } from "./access-log-file.ts";
import { silentLogger } from "./log.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-access-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("lines are added behind what is there, in order, and all are written when it is closed", async () => {
  const path = join(folder, "access.log");
  writeFileSync(path, "before\n");
  const file = new AccessLogFile(path, silentLogger);
  await file.open();
  for (let i = 0; i < 500; i++) file.add(bytes(`${i}\n`));
  await file.close();
  expect(readFileSync(path, "utf8")).toBe(`before\n${Array.from({ length: 500 }, (_, i) => `${i}\n`).join("")}`);
});

test("a file that cannot be opened is told", async () => {
  await expect(new AccessLogFile(join(folder, "no", "access.log"), silentLogger).open()).rejects.toThrow(/ENOENT/);
});

test("what waits is bounded: beyond it lines are dropped and counted, once with a warning", async () => {
  const warnings: string[] = [];
  const file = new AccessLogFile(join(folder, "a.log"), { ...silentLogger, warn: (message) => warnings.push(message) });
  await file.open();
  const half = "x".repeat(ACCESS_WAITING_BYTES_MAX / 2 - 1);
  file.add(bytes(`${half}\n`));
  file.add(bytes(`${half}\n`));
  expect(file.droppedLines).toBe(0);
  file.add(bytes("a\nb\n"));
  file.add(bytes("c\n"));
  expect(file.droppedLines).toBe(3);
  expect(warnings).toHaveLength(1);
  await file.close();
  expect(readFileSync(join(folder, "a.log"), "utf8")).toHaveLength(ACCESS_WAITING_BYTES_MAX);
});

test("a file that was moved away is opened anew, and each line is whole in one of the two", async () => {
  const path = join(folder, "access.log");
  const file = new AccessLogFile(path, silentLogger);
  await file.open();
  const lines = Array.from({ length: 3_000 }, (_, i) => `${i} ${"x".repeat(50)}\n`);
  for (const [i, line] of lines.entries()) {
    file.add(bytes(line));
    if (i % 1_000 !== 500) continue;
    renameSync(path, `${path}.${i}`);
    await file.reopen();
  }
  await file.close();
  const parts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(parts.length).toBe(4);
  for (const part of parts) expect(part === "" || part.endsWith("\n")).toBe(true);
  const byNumber = (a: string, b: string): number => Number.parseInt(a, 10) - Number.parseInt(b, 10);
  const found = parts.flatMap((part) => part.split(/(?<=\n)/)).filter((line) => line !== "");
  expect(found.sort(byNumber)).toEqual(lines);
  expect(readFileSync(path, "utf8")).toContain(`${lines.at(-1)}`);
});

test("a file that cannot be opened anew stays as it is, and that is told", async () => {
  const errors: string[] = [];
  const [inside, moved] = [join(folder, "logs"), join(folder, "moved")];
  mkdirSync(inside);
  const file = new AccessLogFile(join(inside, "a.log"), { ...silentLogger, error: (message) => errors.push(message) });
  await file.open();
  renameSync(inside, moved);
  await file.reopen();
  file.add(bytes("after\n"));
  await file.close();
  await file.reopen();
  expect(errors).toHaveLength(1);
  expect(readFileSync(join(moved, "a.log"), "utf8")).toBe("after\n");
});
