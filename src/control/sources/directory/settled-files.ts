import type { Clock } from "../../../kernel/clock.ts";
import type { TimeSlice } from "../../../kernel/time-slice.ts";
import type { FileReading, FileStamp } from "./manifest-file.ts";
import { readManifestFile } from "./manifest-file.ts";
import type { ManifestSet } from "./manifest-set.ts";

/** A file that looks half written is believed once nobody has written to it for this long. */
export const QUIET_MS = 50;

/** Timers are coarse, and paths that are nearly due are looked at together: this much less is quiet enough. */
const QUIET_SLACK_MS = 2;

interface Doubt {
  readonly stamp: string;
  readonly sinceMs: number;
}

/**
 * Reads files and passes on what they say, once they have come to rest.
 *
 * Written in place, a file is empty first and incomplete for a while; some editors move the old file away and write a new one. A
 * reading that may be such a moment (gone, empty, or while it is written: not parsing, shorter than before, lacking objects that were
 * there) waits until nothing happens to the file for a while, so that no object goes away for a moment. A file that was moved into
 * place is complete, and is believed at once; so is the end of a file whose objects another file has taken over.
 */
export class SettledFiles {
  readonly #manifests: ManifestSet;
  readonly #clock: Clock;
  readonly #stamps = new Map<string, FileStamp>();
  readonly #doubts = new Map<string, Doubt>();
  /** Files somebody has been seen writing to since they were last read. */
  readonly #written = new Set<string>();

  constructor(manifests: ManifestSet, clock: Clock) {
    this.#manifests = manifests;
    this.#clock = clock;
  }

  get count(): number {
    return this.#stamps.size;
  }

  has(path: string): boolean {
    return this.#stamps.has(path);
  }

  /** The files that have been taken over. */
  paths(): readonly string[] {
    return [...this.#stamps.keys()];
  }

  /** Whether a file has changed since it was taken over. */
  isNew(path: string, stamp: FileStamp): boolean {
    return this.#stamps.get(path)?.text !== stamp.text;
  }

  /** Somebody writes to a file in place. */
  noteWriting(path: string): void {
    this.#written.add(path);
  }

  /**
   * Reads files and takes over what they say, whatever they look like or only when they are at rest; the ones that have to be looked
   * at again, each with the pause before that in ms.
   */
  async take(paths: Iterable<string>, slice: TimeSlice, believe: "at once" | "when quiet"): Promise<ReadonlyMap<string, number>> {
    const readings = new Map<string, FileReading>();
    const doubtful = new Set<string>();
    for (const path of paths) {
      const wasWritten = this.#written.delete(path);
      const reading = await readManifestFile(path, slice);
      readings.set(path, reading);
      if (believe === "when quiet" && this.#looksHalfWritten(path, reading, wasWritten)) doubtful.add(path);
      if (slice.isOver) await slice.breathe();
    }
    const waiting = this.#stillDoubtful(doubtful, readings);
    for (const path of waiting) readings.delete(path);
    await this.#manifests.take(readings, slice);
    for (const [path, reading] of readings) this.#settle(path, reading);
    return new Map([...waiting].map((path) => [path, QUIET_MS]));
  }

  #settle(path: string, reading: FileReading): void {
    this.#doubts.delete(path);
    if (reading.state === "gone") this.#stamps.delete(path);
    else this.#stamps.set(path, reading.stamp);
  }

  #looksHalfWritten(path: string, reading: FileReading, wasWritten: boolean): boolean {
    if (reading.state === "gone") return !this.#manifests.losesNothing(path, []);
    const former = this.#stamps.get(path);
    const isWritten = wasWritten || former?.inode === reading.stamp.inode;
    if (reading.state === "refused") return isWritten && reading.code === "InvalidYAML";
    const isShorter = reading.stamp.bytes < (former?.bytes ?? 0);
    return (
      (isWritten && isShorter) ||
      ((isWritten || reading.stamp.bytes === 0) && !this.#manifests.losesNothing(path, reading.documents))
    );
  }

  /** The doubtful files that have not been as they are for long enough, and whose objects are not in another file of the same change. */
  #stillDoubtful(doubtful: ReadonlySet<string>, readings: ReadonlyMap<string, FileReading>): ReadonlySet<string> {
    const waiting = new Set([...doubtful].filter((path) => !this.#isQuiet(path, readings.get(path))));
    if (waiting.size === 0) return waiting;
    const arriving = [...readings].flatMap(([path, reading]) =>
      waiting.has(path) || reading.state !== "read" ? [] : reading.documents,
    );
    if (arriving.length === 0) return waiting;
    const isMoved = (path: string): boolean =>
      readings.get(path)?.state === "gone" && this.#manifests.losesNothing(path, arriving);
    return new Set([...waiting].filter((path) => !isMoved(path)));
  }

  #isQuiet(path: string, reading: FileReading | undefined): boolean {
    const stamp = reading === undefined || reading.state === "gone" ? "" : reading.stamp.text;
    const now = this.#clock.monotonicMs();
    const doubt = this.#doubts.get(path);
    if (doubt?.stamp === stamp) return now - doubt.sinceMs >= QUIET_MS - QUIET_SLACK_MS;
    this.#doubts.set(path, { stamp, sinceMs: now });
    return false;
  }
}
