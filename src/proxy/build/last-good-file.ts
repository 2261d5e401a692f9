import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { type Changes, encodeBatch } from "./last-good-changes.ts";
import { LastGoodDisk } from "./last-good-disk.ts";
import { decodeLastGood, encodeLastGood, type LastGood } from "./last-good-format.ts";
import type { Seal } from "./seal.ts";

/** The snapshot's name in the state folder, and that of the changes to it. */
export const LAST_GOOD_NAME = "last-good.snapshot";
export const CHANGES_NAME = "last-good.changes";
/** A file larger than this is not read. */
export const LAST_GOOD_BYTES_MAX = 1024 ** 3;
/** A write waits so long: all proxies of a machine get a change at once, and those that are still making it live come first. */
export const WRITE_DELAY_MS = 100;
/**
 * The least time between the beginnings of two writes: where endpoints change all the time each would sync the disk for little, and what
 * is not written yet is missed only by a proxy that ends without warning while no operator can be reached. After a long write it is more,
 * so that writing takes a tenth of the time at most.
 */
export const WRITE_INTERVAL_MS = 5_000;
const REST_AFTER_WRITE = 9;
/** Changes may grow to the size of the snapshot they follow, and to this in any case, before all is written anew. */
const CHANGES_BYTES_MIN = 1 << 20;

/**
 * Keeps the last good snapshot on disk: at most one write per interval, the newest always in the end. A write costs what changed: changes
 * are added to a file of their own, and everything is written anew, aside, when that has grown as large as the snapshot.
 */
export class LastGoodFile {
  readonly #directory: string;
  readonly #disk: LastGoodDisk;
  readonly #seal: Seal | null;
  readonly #clock: Clock;
  readonly #onProblem: (cause: Error) => void;
  /** Everything that is to be on disk. */
  readonly #resources = new Map<ResourceId, EncodedResource>();
  /** What is not there yet. */
  #changed = new Map<ResourceId, EncodedResource | null>();
  /** What the next change is written after; null: everything is to be written. */
  #link: Uint8Array | null = null;
  #changesBytes = 0;
  #changesBytesMax = 0;
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #restUntilMs = 0;

  /** `onProblem` hears of writes that failed; what was there before stays, and the next `save` tries again. */
  constructor(directory: string, seal: Seal | null, clock: Clock, onProblem: (cause: Error) => void) {
    this.#directory = directory;
    this.#disk = new LastGoodDisk(directory, LAST_GOOD_NAME, CHANGES_NAME);
    this.#seal = seal;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** What is on disk; null when there is no snapshot; why it cannot be used otherwise. */
  async read(): Promise<Result<LastGood | null, string>> {
    const snapshot = await this.#readFile(LAST_GOOD_NAME);
    if (!snapshot.ok || snapshot.value === null) return snapshot as Result<null, string>;
    const changes = await this.#readFile(CHANGES_NAME);
    return changes.ok ? decodeLastGood(snapshot.value, this.#seal, changes.value) : changes;
  }

  /** Takes note of resources that are on disk already: what is saved from now on changes them. */
  begin(resources: Iterable<EncodedResource>): void {
    for (const resource of resources) this.#resources.set(resource.id, resource);
  }

  /** Has changes written soon. */
  save(changes: Changes): void {
    for (const [id, resource] of changes) {
      this.#changed.set(id, resource);
      if (resource === null) this.#resources.delete(id);
      else this.#resources.set(id, resource);
    }
    if (this.#changed.size > 0 && this.#writing === null && this.#cancelTimer === null) this.#schedule();
  }

  /** Writes at once what is still to be written. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#changed.size > 0) await this.#writeNext();
    await this.#disk.close();
  }

  #schedule(): void {
    const restMs = this.#restUntilMs - this.#clock.monotonicMs();
    this.#cancelTimer = this.#clock.after(Math.max(WRITE_DELAY_MS, restMs), () => {
      this.#cancelTimer = null;
      void this.#writeNext();
    });
  }

  #writeNext(): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const isRoom = this.#changesBytes < this.#changesBytesMax;
    this.#writing = (this.#link !== null && isRoom ? this.#addChanges(this.#link) : this.#writeAll())
      .catch((cause: unknown) => {
        this.#link = null;
        this.#onProblem(cause instanceof Error ? cause : new Error(String(cause)));
      })
      .then(() => {
        const nowMs = this.#clock.monotonicMs();
        this.#restUntilMs = Math.max(startedMs + WRITE_INTERVAL_MS, nowMs + REST_AFTER_WRITE * (nowMs - startedMs));
        this.#writing = null;
        if (this.#changed.size > 0 && this.#cancelTimer === null) this.#schedule();
      });
    return this.#writing;
  }

  async #addChanges(before: Uint8Array): Promise<void> {
    const { bytes, link } = encodeBatch(this.#changed, before, this.#seal);
    this.#changed = new Map();
    await this.#disk.add(bytes);
    this.#link = link;
    this.#changesBytes += bytes.length;
  }

  async #writeAll(): Promise<void> {
    const { sum, pieces } = encodeLastGood([...this.#resources.values()], this.#seal);
    this.#changed = new Map();
    this.#link = null;
    this.#changesBytesMax = Math.max(CHANGES_BYTES_MIN, await this.#disk.replace(pieces));
    this.#changesBytes = 0;
    this.#link = sum;
  }

  /** Null when there is none. */
  async #readFile(name: string): Promise<Result<Buffer | null, string>> {
    const path = join(this.#directory, name);
    try {
      const { size } = await stat(path);
      if (size > LAST_GOOD_BYTES_MAX) return fail(`it has ${size} bytes, and the limit is ${LAST_GOOD_BYTES_MAX}`);
      return ok(await readFile(path));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return ok(null);
      return fail(cause instanceof Error ? cause.message : String(cause));
    }
  }
}
