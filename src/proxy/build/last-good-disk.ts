import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { CHANGES_MAGIC } from "./last-good-changes.ts";

/** Writes the two files of the last good snapshot: one that is replaced as a whole, and one that grows. */
export class LastGoodDisk {
  readonly #directory: string;
  readonly #snapshot: string;
  readonly #changes: string;
  /** Where changes to the newest snapshot are added; null while there are none. */
  #growing: FileHandle | null = null;
  /** Whether the file of changes holds those to the newest snapshot. */
  #isBegun = false;

  constructor(directory: string, snapshotName: string, changesName: string) {
    this.#directory = directory;
    this.#snapshot = join(directory, snapshotName);
    this.#changes = join(directory, changesName);
  }

  /**
   * Puts a snapshot in place of the one before; answers how many bytes it has. Write aside, sync, rename, sync the folder: at every
   * moment there is one whole snapshot.
   */
  async replace(pieces: Iterable<Uint8Array>): Promise<number> {
    await this.close();
    this.#isBegun = false;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const aside = `${this.#snapshot}.tmp`;
    const file = await open(aside, "w", 0o600);
    let bytes = 0;
    try {
      for (const piece of pieces) {
        await file.writeFile(piece);
        bytes += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, this.#snapshot);
    const folder = await open(this.#directory, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return bytes;
  }

  /** Adds a batch of changes to the newest snapshot. After a failure only `replace` may follow. */
  async add(batch: Uint8Array): Promise<void> {
    this.#growing ??= await open(this.#changes, this.#isBegun ? "a" : "w", 0o600);
    await this.#growing.writeFile(this.#isBegun ? batch : Buffer.concat([CHANGES_MAGIC, batch]));
    this.#isBegun = true;
    await this.#growing.datasync();
  }

  /** Closes what is open. More can be added afterwards. */
  async close(): Promise<void> {
    const file = this.#growing;
    this.#growing = null;
    await file?.close();
  }
}
