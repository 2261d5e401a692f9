import type { Dirent, Stats } from "node:fs";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { join, normalize, sep } from "node:path";
import type { TimeSlice } from "../../../kernel/time-slice.ts";
import type { FileStamp } from "./manifest-file.ts";
import { stampOf } from "./manifest-file.ts";

/** How deep folders may nest; this also ends a circle of symbolic links. */
export const FOLDER_DEPTH_MAX = 32;
/** Most manifests that are read. */
export const FILES_MAX = 200_000;

/** What a folder holds, at any depth: its manifests with their stamps, and its folders with their inodes. */
export interface FolderContents {
  readonly files: Map<string, FileStamp>;
  readonly folders: Map<string, number>;
  /** Folders that could not be read, with the error's code. What was known of them should stay. */
  readonly unreadable: Map<string, string>;
  /** Whether files were left out, being more than `FILES_MAX`. */
  truncated: boolean;
}

/** Whether a name is that of a manifest. Entries that begin with a dot are editors' and Kubernetes' own. */
export function isManifestName(name: string): boolean {
  return !name.startsWith(".") && /\.(?:ya?ml|json)$/.test(name);
}

/** What an entry is, links followed; undefined when it is gone, out of reach, or a link that leads nowhere. */
export function entryStat(path: string): Stats | undefined {
  return orNothing(() => statSync(path));
}

/** The same, for a link itself. */
export function linkStat(path: string): Stats | undefined {
  return orNothing(() => lstatSync(path));
}

/** A path without `./`, `..` in the middle and a slash at the end, as the paths of what is in it begin. */
export function plainPath(path: string): string {
  const plain = normalize(path);
  return plain.length > 1 && plain.endsWith(sep) ? plain.slice(0, -1) : plain;
}

/** Whether a path is a folder or in it. Both are plain. */
export function isUnder(path: string, folder: string): boolean {
  return folder === "." || path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Lists a folder with all folders below it, symbolic links followed. `enter` is called with each folder before it is listed, so that
 * a watch can be set first and nothing slips through in between.
 */
export async function scanFolder(
  root: string,
  slice: TimeSlice,
  enter: (folder: string, inode: number) => void,
): Promise<FolderContents> {
  const contents: FolderContents = { files: new Map(), folders: new Map(), unreadable: new Map(), truncated: false };
  const pending = [{ folder: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, depth } = next;
    const found = list(folder, enter, contents);
    for (const entry of found) {
      if (slice.isOver) await slice.breathe();
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (visit(path, entry, contents) === "folder" && depth < FOLDER_DEPTH_MAX) pending.push({ folder: path, depth: depth + 1 });
    }
  }
  return contents;
}

function list(folder: string, enter: (folder: string, inode: number) => void, contents: FolderContents): readonly Dirent[] {
  try {
    const { ino } = statSync(folder);
    contents.folders.set(folder, ino);
    enter(folder, ino);
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (reason) {
    const code = (reason as NodeJS.ErrnoException).code ?? "unknown";
    contents.folders.delete(folder);
    contents.unreadable.set(folder, code);
    return [];
  }
}

function visit(path: string, entry: Dirent, contents: FolderContents): "folder" | "other" {
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink() && !isManifestName(entry.name)) return "other";
  const stat = entryStat(path);
  if (stat?.isDirectory()) return "folder";
  if (!stat?.isFile() || !isManifestName(entry.name)) return "other";
  if (contents.files.size < FILES_MAX) contents.files.set(path, stampOf(stat));
  else contents.truncated = true;
  return "other";
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Whatever keeps us from an entry, it is as if it were not there.
    return undefined;
  }
}
