import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../../kernel/clock.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { TimeSlice } from "../../../kernel/time-slice.ts";
import type { ObjectRef } from "../../../model/object-ref.ts";
import type { Problem } from "../../../model/problem.ts";
import type { Intake } from "../../validate/intake.ts";
import type { FolderContents } from "./folder-scan.ts";
import { entryStat, isManifestName, isUnder, linkStat, plainPath, SCAN_LIMITS, scanFolder } from "./folder-scan.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { LocatedProblem, Location } from "./manifest-set.ts";
import { ManifestSet } from "./manifest-set.ts";
import { PendingPaths } from "./pending-paths.ts";
import { folderProblems } from "./scan-problems.ts";
import { SettledFiles } from "./settled-files.ts";

/** How often everything is looked over, should a notification have been lost. */
const RESCAN_MS = 10_000;
/** The same where the system gives no notifications. */
const POLL_MS = 500;
/** A scan is followed by a pause of at least this many times what it took, however large the folder. */
const SCAN_SHARE = 20;
/** How long the source works before others on its thread have their turn. */
const SLICE_MS = 5;

export interface DirectorySourceOptions {
  readonly directory: string;
  readonly intake: Intake;
  /** Called after every change that was taken over, and when problems may be different. Not during `start`. */
  readonly onSettled?: () => void;
  /** Called with the system's word that something may have changed, before anything is read: the moment to count from. */
  readonly onNoticed?: () => void;
  /** Called once, with the error's code, when the system refuses notifications and the folder is polled instead. */
  readonly onPolling?: (code: string) => void;
  readonly clock?: Clock;
}

/**
 * Keeps the intake in step with a folder of manifests (`.yaml`, `.yml`, `.json`, at any depth).
 *
 * The system names the entry that changed, and only that is read again: what a save costs does not grow with the folder. Entries that
 * begin with a dot are not read, but a symbolic link among them that is swapped (as in a mounted ConfigMap) has the folder looked over.
 */
export class DirectorySource {
  readonly #directory: string;
  readonly #options: DirectorySourceOptions;
  readonly #clock: Clock;
  readonly #manifests: ManifestSet;
  readonly #files: SettledFiles;
  readonly #watch: FolderWatch;
  readonly #pending: PendingPaths;
  readonly #folders = new Map<string, number>();
  #folderProblems: readonly LocatedProblem[] = [];
  #cancelRescan: () => void = () => {};
  #rescanMs = RESCAN_MS;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: DirectorySourceOptions) {
    this.#directory = plainPath(options.directory);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#manifests = new ManifestSet(options.intake);
    this.#files = new SettledFiles(this.#manifests, this.#clock);
    this.#watch = new FolderWatch(
      (folder, name, event) => this.#noticed(folder, name, event),
      (code) => this.#poll(code),
    );
    this.#pending = new PendingPaths(this.#clock, () => this.#run());
  }

  /** Reads everything once, and follows changes from then on. Rejects when the folder cannot be read at all. */
  async start(): Promise<void> {
    statSync(this.#directory);
    this.#watchRootsName();
    const slice = new TimeSlice(SLICE_MS);
    await this.#files.take(await this.#lookOver(slice), slice, "at once");
  }

  /** Ends all watching. What was read stays where it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRescan();
    this.#pending.stop();
    this.#watch.close();
    await this.#running;
  }

  /** Everything wrong with files and objects, with file and line. In no particular order. */
  problems(): readonly LocatedProblem[] {
    return [...this.#folderProblems, ...this.#manifests.problems()];
  }

  /** Where a field of an object stands; undefined when no file has the object. */
  locate(object: ObjectRef, field: string): Location | undefined {
    return this.#manifests.locate(object, field);
  }

  /** A Problem from elsewhere (the compiler) with its file and line. */
  located(found: Problem): LocatedProblem {
    return this.#manifests.located(found);
  }

  /** The objects that files describe, each with where it stands. In no particular order. */
  objects(): Iterable<Location & { readonly object: ObjectRef }> {
    return this.#manifests.objects();
  }

  /** Number of files, and of objects in them. */
  get counts(): { readonly files: number; readonly objects: number } {
    return { files: this.#files.count, objects: this.#manifests.size };
  }

  // --- noticing ---

  #noticed(folder: string, name: string, event: "rename" | "change"): void {
    const path = this.#concerned(folder, name);
    if (path === null) return;
    if (!this.#isHidden(path)) this.#options.onNoticed?.();
    if (event === "change" && isManifestName(name)) this.#files.noteWriting(path);
    this.#pending.add(path);
  }

  /** What has to be looked at when an entry of a folder changed; null when nothing has. */
  #concerned(folder: string, name: string): string | null {
    if (folder === dirname(this.#directory) && !this.#folders.has(folder)) {
      return name === basename(this.#directory) ? this.#directory : null;
    }
    // Kubernetes swaps `..data`.
    return name === "" || name.startsWith("..") ? folder : join(folder, name);
  }

  #isHidden(path: string): boolean {
    return path !== this.#directory && basename(path).startsWith(".");
  }

  /**
   * What a path that is due stands for. Tools swap hidden links, which concerns their folder; the drafts of editors are hidden too, and
   * mean nothing. They are told apart only now, when most drafts are gone.
   */
  #shownAt(path: string): readonly string[] {
    if (!this.#isHidden(path)) return [path];
    return linkStat(path)?.isSymbolicLink() === true ? [dirname(path)] : [];
  }

  /** The folder itself may be a link that is swapped, which only its parent sees. */
  #watchRootsName(): void {
    const parent = dirname(this.#directory);
    const stat = entryStat(parent);
    if (stat !== undefined && parent !== this.#directory) this.#watch.add(parent, stat.ino);
  }

  #poll(code: string): void {
    this.#rescanMs = POLL_MS;
    this.#scheduleRescan(0);
    this.#options.onPolling?.(code);
  }

  #scheduleRescan(lastTookMs: number): void {
    if (this.#stopped) return;
    this.#cancelRescan();
    this.#cancelRescan = this.#clock.after(Math.max(this.#rescanMs, lastTookMs * SCAN_SHARE), () =>
      this.#pending.add(this.#directory),
    );
  }

  // --- taking over ---

  /** Works off what is pending; one run at a time, since a run waits for nobody but itself. */
  #run(): void {
    this.#running ??= this.#takePending().finally(() => {
      this.#running = null;
      this.#pending.schedule();
    });
  }

  async #takePending(): Promise<void> {
    const paths = new Set(this.#pending.takeDue().flatMap((path) => this.#shownAt(path)));
    if (paths.size === 0) return;
    const slice = new TimeSlice(SLICE_MS);
    const files = new Set<string>();
    for (const path of paths) {
      for (const file of await this.#filesAt(path, slice)) files.add(file);
    }
    for (const [path, delayMs] of await this.#files.take(files, slice, "when quiet")) this.#pending.add(path, delayMs);
    this.#options.onSettled?.();
  }

  /** The manifests a changed entry stands for: itself, or all that changed in or went away with a folder. */
  async #filesAt(path: string, slice: TimeSlice): Promise<Iterable<string>> {
    if (path === this.#directory) return this.#lookOver(slice);
    const isFolder = entryStat(path)?.isDirectory() === true || this.#folders.has(path);
    if (isFolder) return this.#changedIn(path, await this.#scan(path, slice));
    const isWelcome = this.#files.has(path) || this.#files.count < SCAN_LIMITS.files;
    return isManifestName(basename(path)) && isWelcome ? [path] : [];
  }

  /** Looks at everything; the manifests that changed. */
  async #lookOver(slice: TimeSlice): Promise<Iterable<string>> {
    const began = this.#clock.monotonicMs();
    const contents = await this.#scan(this.#directory, slice);
    this.#folderProblems = folderProblems(contents);
    this.#scheduleRescan(this.#clock.monotonicMs() - began);
    return this.#changedIn(this.#directory, contents);
  }

  #scan(folder: string, slice: TimeSlice): Promise<FolderContents> {
    return scanFolder(folder, slice, (entered, inode) => this.#watch.add(entered, inode));
  }

  #changedIn(root: string, { files, folders, unreadable }: FolderContents): Set<string> {
    // What cannot be read keeps what it said; but a folder that is gone, other than the one we were given, is gone with all it held.
    const kept = [...unreadable]
      .filter(([folder, code]) => code !== "ENOENT" || folder === this.#directory)
      .map(([folder]) => folder);
    const isGone = (path: string): boolean => isUnder(path, root) && !kept.some((folder) => isUnder(path, folder));
    for (const folder of this.#folders.keys()) {
      if (folders.has(folder) || !isGone(folder)) continue;
      this.#folders.delete(folder);
      this.#watch.remove(folder);
    }
    for (const [folder, inode] of folders) this.#folders.set(folder, inode);
    const gone = this.#files.paths().filter((path) => !files.has(path) && isGone(path));
    return new Set([...gone, ...[...files].filter(([path, stamp]) => this.#files.isNew(path, stamp)).map(([path]) => path)]);
  }
}
