import { mkdir, open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { decodeLastGood, encodeLastGood, type LastGood } from "./last-good-format.ts";
import type { Seal } from "./seal.ts";

/** The file's name in the state folder. */
export const LAST_GOOD_NAME = "last-good.snapshot";
/** A file larger than this is not read. */
export const LAST_GOOD_BYTES_MAX = 1024 ** 3;
/** The least time between the beginnings of two writes. After a long write it is more, so that writing takes a tenth of the time at most. */
export const WRITE_INTERVAL_MS = 1000;
const REST_AFTER_WRITE = 9;
const PIECES_PER_WRITE = 1024;

/** Keeps the last good snapshot on disk: replaced as a whole, at most once per interval, the newest always in the end. */
export class LastGoodFile {
  readonly #directory: string;
  readonly #seal: Seal | null;
  readonly #clock: Clock;
  readonly #onProblem: (cause: Error) => void;
  #next: readonly EncodedResource[] | null = null;
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #restUntilMs = 0;

  /** `onProblem` hears of writes that failed; the snapshot before stays, and the next `save` tries again. */
  constructor(directory: string, seal: Seal | null, clock: Clock, onProblem: (cause: Error) => void) {
    this.#directory = directory;
    this.#seal = seal;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** What is on disk; null when there is no file; why it cannot be used otherwise. */
  async read(): Promise<Result<LastGood | null, string>> {
    try {
      return await this.#read();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return ok(null);
      return fail(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** Has these resources written soon. The array must not change afterwards. */
  save(resources: readonly EncodedResource[]): void {
    this.#next = resources;
    if (this.#writing !== null || this.#cancelTimer !== null) return;
    this.#schedule();
  }

  /** Writes at once what is still to be written. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#cancelWait();
    if (this.#next !== null) await this.#writeNext();
  }

  #cancelWait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #schedule(): void {
    this.#cancelTimer = this.#clock.after(Math.max(0, this.#restUntilMs - this.#clock.monotonicMs()), () => {
      this.#cancelTimer = null;
      void this.#writeNext();
    });
  }

  #writeNext(): Promise<void> {
    const resources = this.#next ?? [];
    this.#next = null;
    const startedMs = this.#clock.monotonicMs();
    this.#writing = this.#write(resources)
      .catch((cause: unknown) => this.#onProblem(cause instanceof Error ? cause : new Error(String(cause))))
      .then(() => {
        const nowMs = this.#clock.monotonicMs();
        this.#restUntilMs = Math.max(startedMs + WRITE_INTERVAL_MS, nowMs + REST_AFTER_WRITE * (nowMs - startedMs));
        this.#writing = null;
        if (this.#next !== null && this.#cancelTimer === null) this.#schedule();
      });
    return this.#writing;
  }

  async #read(): Promise<Result<LastGood | null, string>> {
    const path = join(this.#directory, LAST_GOOD_NAME);
    const { size } = await stat(path);
    if (size > LAST_GOOD_BYTES_MAX) return fail(`it has ${size} bytes, and the limit is ${LAST_GOOD_BYTES_MAX}`);
    const file = await open(path, "r");
    try {
      return decodeLastGood(await file.readFile(), this.#seal);
    } finally {
      await file.close();
    }
  }

  /** Write aside, sync, rename, sync the folder: at every moment there is one whole snapshot. */
  async #write(resources: readonly EncodedResource[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, LAST_GOOD_NAME);
    const aside = `${path}.tmp`;
    const pieces = encodeLastGood(resources, this.#seal);
    const file = await open(aside, "w", 0o600);
    try {
      for (let i = 0; i < pieces.length; i += PIECES_PER_WRITE) {
        await file.write(Buffer.concat(pieces.slice(i, i + PIECES_PER_WRITE)));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    const folder = await open(this.#directory, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
