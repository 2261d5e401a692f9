import { close, open, write } from "node:fs";
import { promisify } from "node:util";
import type { Logger } from "./log.ts";

/** Most bytes that wait to be written: a reader that stalls costs lines, not memory. */
export const ACCESS_WAITING_BYTES_MAX = 16 * 1024 * 1024;

const STDOUT = 1;
const LF = 0x0a;
const [openFile, writeFile, closeFile] = [promisify(open), promisify(write), promisify(close)];

/** Where the lines of all workers of a proxy end up: a file that is added to, or stdout. */
export class AccessLogFile {
  readonly #path: string | null;
  readonly #log: Logger;
  #descriptor = -1;
  /** Opened before, to be closed when nobody writes to them. */
  #former: number[] = [];
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
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

  /**
   * Takes whole lines, in a buffer of their own. They are written later, in the order in which they came, and the buffer is freed then: a
   * collector that had to look after so many would run for their sake alone.
   */
  add(lines: Uint8Array<ArrayBuffer>): void {
    if (this.#waitingBytes + lines.length > ACCESS_WAITING_BYTES_MAX) {
      if (this.#droppedLines === 0) this.#log.warn("the access log is not taken fast enough; lines are dropped");
      this.#droppedLines += lines.reduce((ends, byte) => (byte === LF ? ends + 1 : ends), 0);
      return;
    }
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
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
      for (let lines = this.#waiting.shift(); lines !== undefined; lines = this.#waiting.shift()) {
        const descriptor = this.#descriptor;
        for (let at = 0; at < lines.length; ) at += (await writeFile(descriptor, lines, at)).bytesWritten;
        this.#waitingBytes -= lines.length;
        lines.buffer.transfer(0);
        await this.#closeFormer();
      }
    } catch (error) {
      this.#log.error("the access log cannot be written", { error });
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    this.#writing = null;
  }
}
