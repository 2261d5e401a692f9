import type { FSWatcher } from "node:fs";
import { watch } from "node:fs";

/**
 * Told about an entry of a watched folder: `rename` when it came, went or was replaced, `change` when it was written to in place.
 * The name is "" when it is not known which.
 */
export type EntryListener = (folder: string, name: string, event: "rename" | "change") => void;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/**
 * Watches folders one by one with the system's own notifications (inotify on Linux). `node:fs` is enough for that: it names the
 * entry, sees renames both ways and writes in place. What it lacks, a recursive watch that is reliable, is what we do ourselves.
 *
 * Where the system refuses another watch (its limits are per user, and small in places), it gives up for good: `onRefused` is called
 * once with the error's code, and whoever uses it has to look for changes itself.
 */
export class FolderWatch {
  readonly #folders = new Map<string, Watched>();
  readonly #onEntry: EntryListener;
  readonly #onRefused: (code: string) => void;
  #refused = false;

  constructor(onEntry: EntryListener, onRefused: (code: string) => void) {
    this.#onEntry = onEntry;
    this.#onRefused = onRefused;
  }

  /** Watches a folder, afresh if another one has taken its place. Does nothing for one that is watched already. */
  add(folder: string, inode: number): void {
    if (this.#refused || this.#folders.get(folder)?.inode === inode) return;
    this.remove(folder);
    try {
      const watcher = watch(folder, (event, name) => this.#onEntry(folder, name ?? "", event === "change" ? event : "rename"));
      watcher.on("error", (error: NodeJS.ErrnoException) => this.#failed(folder, error));
      this.#folders.set(folder, { watcher, inode });
    } catch (reason) {
      this.#failed(folder, reason as NodeJS.ErrnoException);
    }
  }

  remove(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }

  has(folder: string): boolean {
    return this.#folders.has(folder);
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #failed(folder: string, error: NodeJS.ErrnoException): void {
    this.remove(folder);
    if (this.#refused || !REFUSALS.has(error.code ?? "")) return;
    this.#refused = true;
    this.close();
    this.#onRefused(error.code ?? "");
  }
}

/** No more inotify instances or watches, no inotify at all. Other errors mean that the folder is gone, which a scan finds out. */
const REFUSALS = new Set(["EMFILE", "ENFILE", "ENOSPC", "ENOSYS", "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM"]);
