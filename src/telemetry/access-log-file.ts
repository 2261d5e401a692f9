import { close, open, write } from "node:fs";
import { promisify } from "node:util";
import type { Logger } from "./log.ts";

/** Most characters that wait to be written: a reader that stalls costs lines, not memory. */
export const ACCESS_WAITING_CHARS_MAX = 16 * 1024 * 1024;

const STDOUT = 1;
const [openFile, writeFile, closeFile] = [promisify(open), promisify(write), promisify(close)];

/** Where the lines of all workers of a proxy end up: a file that is added to, or stdout. */
export class AccessLogFile {
  readonly #path: string | null;
  readonly #log: Logger;
  #descriptor = -1;
  /** Opened before, to be closed when nobody writes to them. */
  #former: number[] = [];
  #waiting: string[] = [];
  #waitingChars = 0;
  #droppedLines = 0;
  #writing: Promise<void> | null = null;

  /** `path`: null is stdout. */
  constructor(path: string | null, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** Opens the file; rejects when that cannot be. */
  async open(): Promise<void> {
    this.#descriptor = this.#path === null ? STDOUT : await openFile(this.#path, "a");
  }

  /**
   * Opens the file at the path anew, since somebody may have moved it away: lines that come from here on go there. Those under way go
   * where they were going, whole. When it cannot be opened, that is told, and the one that is open stays.
   */
  async reopen(): Promise<void> {
    if (this.#path === null || this.#descriptor < 0) return;
    let opened: number;
    try {
      opened = await openFile(this.#path, "a");
    } catch (error) {
      this.#log.error("the access log cannot be opened again; lines go where they went", { error });
      return;
    }
    // Closed meanwhile.
    this.#former.push(this.#descriptor < 0 ? opened : this.#descriptor);
    if (this.#descriptor >= 0) this.#descriptor = opened;
    if (this.#writing === null) await this.#closeFormer();
  }

  /** Takes whole lines. They are written later, in the order in which they came. */
  add(lines: string): void {
    if (this.#waitingChars + lines.length > ACCESS_WAITING_CHARS_MAX) {
      if (this.#droppedLines === 0) this.#log.warn("the access log is not taken fast enough; lines are dropped");
      this.#droppedLines += lines.split("\n").length - 1;
      return;
    }
    this.#waiting.push(lines);
    this.#waitingChars += lines.length;
    this.#writing ??= this.#write();
  }

  /** Lines that were dropped. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Writes what is left, and closes. */
  async close(): Promise<void> {
    await this.#writing;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    if (this.#path !== null && descriptor >= 0) await closeFile(descriptor);
    await this.#closeFormer();
  }

  async #closeFormer(): Promise<void> {
    for (const descriptor of this.#former.splice(0)) await closeFile(descriptor);
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = Buffer.from(this.#waiting.splice(0).join(""));
        const descriptor = this.#descriptor;
        for (let at = 0; at < bytes.length; ) at += (await writeFile(descriptor, bytes, at)).bytesWritten;
        await this.#closeFormer();
        this.#waitingChars = this.#waiting.reduce((sum, { length }) => sum + length, 0);
      }
    } catch (error) {
      this.#log.error("the access log cannot be written", { error });
      this.#waiting = [];
      this.#waitingChars = 0;
    }
    this.#writing = null;
  }
}
