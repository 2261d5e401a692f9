import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TimeSlice } from "../../../kernel/time-slice.ts";
import { isUnder, plainPath, SCAN_LIMITS, type ScanLimits, scanFolder } from "./folder-scan.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-scan-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function scan(limits: Partial<ScanLimits> = {}): Promise<{ files: string[]; folders: number; truncated: boolean }> {
  const found = await scanFolder(folder, new TimeSlice(1_000), () => {}, { ...SCAN_LIMITS, ...limits });
  const files = [...found.files.keys()].map((path) => path.slice(folder.length + 1)).sort();
  return { files, folders: found.folders.size, truncated: found.truncated };
}

const touch = (path: string): void => writeFileSync(join(folder, path), "");

test("as many files are read as the limit allows, and not one more", async () => {
  touch("a.yaml");
  touch("b.yaml");
  expect(await scan({ files: 2 })).toEqual({ files: ["a.yaml", "b.yaml"], folders: 1, truncated: false });
  expect(await scan({ files: 1 })).toEqual({ files: ["a.yaml"], folders: 1, truncated: true });
});

test("as many folders are entered as the limit allows, and as deep", async () => {
  mkdirSync(join(folder, "x/y"), { recursive: true });
  touch("x/y/a.yaml");
  expect(await scan({ folders: 3, depth: 2 })).toEqual({ files: ["x/y/a.yaml"], folders: 3, truncated: false });
  expect(await scan({ folders: 2 })).toEqual({ files: [], folders: 2, truncated: true });
  expect(await scan({ depth: 1 })).toEqual({ files: [], folders: 2, truncated: true });
});

test("links to folders are followed, but not back to where they are", async () => {
  mkdirSync(join(folder, "x"));
  touch("x/a.yaml");
  symlinkSync("x", join(folder, "y"));
  symlinkSync("..", join(folder, "x/up"));
  symlinkSync(".", join(folder, "self"));
  expect((await scan()).files).toEqual(["x/a.yaml", "y/a.yaml"]);
});

test.each([
  ["manifests/", "manifests"],
  ["./manifests", "manifests"],
  [".", "."],
  ["/", "/"],
  ["a//b/../c", "a/c"],
])("%s is plainly %s", (path, plain) => {
  expect(plainPath(path)).toBe(plain);
});

test("what is under a folder is told by whole names", () => {
  expect(isUnder("a/b", "a")).toBe(true);
  expect(isUnder("a", "a")).toBe(true);
  expect(isUnder("ab", "a")).toBe(false);
  expect(isUnder("x", ".")).toBe(true);
  expect(isUnder("/x", "/")).toBe(true);
});
