import type { Dirent, Stats } from "node:fs";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { join, normalize, sep } from "node:path";
import type { TimeSlice } from "../../../kernel/time-slice.ts";
import type { FileStamp } from "./manifest-file.ts";
import { stampOf } from "./manifest-file.ts";

/** How many manifests and folders are looked at, and how deep folders may nest. What is beyond that is not read. */
export interface ScanLimits {
  readonly files: number;
  readonly folders: number;
  readonly depth: number;
}

export const SCAN_LIMITS: ScanLimits = { files: 200_000, folders: 20_000, depth: 32 };

/** What a folder holds, at any depth: its manifests with their stamps, and its folders with their inodes. */
export interface FolderContents {
  readonly files: Map<string, FileStamp>;
  readonly folders: Map<string, number>;
  /** Folders that could not be read, with the error's code. What was known of them should stay. */
  readonly unreadable: Map<string, string>;
  /** Whether something was left out, being beyond the limits. */
  truncated: boolean;
}

/** Whether a name is that of a manifest. Entries that begin with a dot are editors' and Kubernetes' own. */
export function isManifestName(name: string): boolean {
  return !name.startsWith(".") && /\.(?:ya?ml|json)$/.test(name);
}

/** What an entry is, links followed; undefined when it is gone, out of reach, or a link that leads nowhere. */
export function entryStat(path: string): Stats | undefined {
  return orNothing(() => statSync(path, { throwIfNoEntry: false }));
}

/** The same, for a link itself. */
export function linkStat(path: string): Stats | undefined {
  return orNothing(() => lstatSync(path, { throwIfNoEntry: false }));
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
  limits: ScanLimits = SCAN_LIMITS,
): Promise<FolderContents> {
  const contents: FolderContents = { files: new Map(), folders: new Map(), unreadable: new Map(), truncated: false };
  const pending: Pending[] = [{ folder: root, above: [] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { entries, above } = list(next, enter, contents);
    for (const entry of entries) {
      if (slice.isOver) await slice.breathe();
      if (entry.name.startsWith(".")) continue;
      const path = join(next.folder, entry.name);
      const what = visit(path, entry);
      const isLeftOut =
        what === "folder"
          ? above.length > limits.depth || contents.folders.size + pending.length >= limits.folders
          : what !== "other" && contents.files.size >= limits.files;
      if (isLeftOut) contents.truncated = true;
      else if (what === "folder") pending.push({ folder: path, above });
      else if (what !== "other") contents.files.set(path, what);
    }
  }
  return contents;
}

interface Pending {
  readonly folder: string;
  /** Identities of the folders it is in: a link back to one of them leads nowhere new. */
  readonly above: readonly string[];
}

function list({ folder, above }: Pending, enter: (folder: string, inode: number) => void, contents: FolderContents) {
  try {
    const { dev, ino } = statSync(folder);
    const identity = `${dev} ${ino}`;
    if (above.includes(identity)) return { entries: [], above };
    contents.folders.set(folder, ino);
    enter(folder, ino);
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { entries, above: [...above, identity] };
  } catch (reason) {
    const code = (reason as NodeJS.ErrnoException).code ?? "unknown";
    contents.folders.delete(folder);
    contents.unreadable.set(folder, code);
    return { entries: [], above };
  }
}

/** What an entry is; a manifest is its stamp. */
function visit(path: string, entry: Dirent): "folder" | "other" | FileStamp {
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink() && !isManifestName(entry.name)) return "other";
  const stat = entryStat(path);
  if (stat?.isDirectory()) return "folder";
  return stat?.isFile() === true && isManifestName(entry.name) ? stampOf(stat) : "other";
}

function orNothing(read: () => Stats | undefined): Stats | undefined {
  try {
    return read();
  } catch {
    // Whatever keeps us from an entry, it is as if it were not there.
    return undefined;
  }
}
