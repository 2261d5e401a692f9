import type { Clock } from "../../../kernel/clock.ts";
import type { TimeSlice } from "../../../kernel/time-slice.ts";
import type { FileReading, FileStamp } from "./manifest-file.ts";
import { readManifestFile } from "./manifest-file.ts";
import type { ManifestSet } from "./manifest-set.ts";

/** A file that looks half written is believed once nobody has written to it for this long. */
export const QUIET_MS = 50;

interface Doubt {
  readonly stamp: string;
  readonly sinceMs: number;
}

/**
 * Reads files and passes on what they say, once they have come to rest.
 *
 * Written in place, a file is empty first and incomplete for a while. A reading that may be such a moment (it does not parse, is
 * empty, shorter than before, or lacks objects that were there) waits until the file is quiet, so that no object goes away for a
 * moment. A file that another has replaced is complete, and is believed at once.
 */
export class SettledFiles {
  readonly #manifests: ManifestSet;
  readonly #clock: Clock;
  readonly #stamps = new Map<string, FileStamp>();
  readonly #doubts = new Map<string, Doubt>();

  constructor(manifests: ManifestSet, clock: Clock) {
    this.#manifests = manifests;
    this.#clock = clock;
  }

  get count(): number {
    return this.#stamps.size;
  }

  /** The files that have been taken over. */
  paths(): readonly string[] {
    return [...this.#stamps.keys()];
  }

  /** Whether a file has changed since it was taken over. */
  isNew(path: string, stamp: FileStamp): boolean {
    return this.#stamps.get(path)?.text !== stamp.text;
  }

  /**
   * Reads files and takes over what they say, whatever they look like or only when they are at rest; the ones that have to be looked
   * at again, each with the pause before that in ms.
   */
  async take(paths: Iterable<string>, slice: TimeSlice, believe: "at once" | "when quiet"): Promise<ReadonlyMap<string, number>> {
    const again = new Map<string, number>();
    const readings = new Map<string, FileReading>();
    for (const path of paths) {
      const reading = await readManifestFile(path, slice);
      if (believe === "when quiet" && this.#isDoubtful(path, reading)) again.set(path, QUIET_MS);
      else readings.set(path, reading);
      if (slice.isOver) await slice.breathe();
    }
    await this.#manifests.take(readings, slice);
    for (const [path, reading] of readings) {
      this.#doubts.delete(path);
      if (reading.state === "gone") this.#stamps.delete(path);
      else this.#stamps.set(path, reading.stamp);
    }
    return again;
  }

  #isDoubtful(path: string, reading: FileReading): boolean {
    if (!this.#looksHalfWritten(path, reading)) return false;
    const stamp = reading.state === "gone" ? "" : reading.stamp.text;
    const now = this.#clock.monotonicMs();
    const doubt = this.#doubts.get(path);
    if (doubt?.stamp === stamp) return now - doubt.sinceMs < QUIET_MS;
    this.#doubts.set(path, { stamp, sinceMs: now });
    return true;
  }

  #looksHalfWritten(path: string, reading: FileReading): boolean {
    if (reading.state === "gone") return false;
    const former = this.#stamps.get(path);
    if (reading.state === "refused")
      return reading.code === "InvalidYAML" && (former === undefined || former.inode === reading.stamp.inode);
    if (former?.inode !== reading.stamp.inode) return false;
    return reading.stamp.bytes < former.bytes || !this.#manifests.losesNothing(path, reading);
  }
}
