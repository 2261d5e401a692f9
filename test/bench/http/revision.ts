import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("../../../", import.meta.url).pathname;
const ARCHIVE_BYTES_MAX = 2 ** 30;

/** Writes the files of a commit into a folder, with the packages of this checkout. Throws when there is no such commit here. */
export function writeRevision(revision: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const archive = spawnSync("git", ["archive", "--format=tar", revision], { cwd: ROOT, maxBuffer: ARCHIVE_BYTES_MAX });
  if (archive.status !== 0) throw new Error(`there is no commit ${revision} here: ${archive.stderr}`);
  const unpacked = spawnSync("tar", ["-x", "-C", folder], { input: archive.stdout });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

/** The commit that a name stands for, in short. */
export function shortRevision(revision: string): string {
  return spawnSync("git", ["rev-parse", "--short", revision], { cwd: ROOT, encoding: "utf8" }).stdout.trim();
}

/** Which commit a checkout is at, and whether it holds changes; "" where git does not know. */
export function revisionOf(checkout: string): string {
  const { stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], { cwd: checkout, encoding: "utf8" });
  return (stdout ?? "").trim();
}
