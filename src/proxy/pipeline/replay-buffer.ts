import type { Buffer } from "node:buffer";
import type { OutBuffer } from "../http1/out-buffer.ts";

/** The request body bytes sent so far, framing included, kept while the request may have to be sent once more. */
export class ReplayBuffer {
  /** Nothing that was sent is missing here. */
  isWhole = false;
  #isKeeping = false;
  #bytes = 0;
  #bytesMax = 0;
  readonly #parts: Buffer[] = [];

  /** Begins with nothing sent. Unless `keeps`, the first byte that is sent makes a second try impossible; else the first beyond `bytesMax`. */
  start(keeps: boolean, bytesMax: number): void {
    this.stop();
    this.#bytesMax = bytesMax;
    this.isWhole = true;
    this.#isKeeping = keeps;
  }

  /** Whether a body begun earlier is held for the next try. */
  get isKept(): boolean {
    return this.#isKeeping && this.isWhole;
  }

  /** Notes what `out` holds from `from` on. */
  keep(out: OutBuffer, from: number): void {
    const length = out.length - from;
    if (length === 0 || !this.isWhole) return;
    this.#bytes += length;
    if (this.#isKeeping && this.#bytes <= this.#bytesMax) this.#parts.push(out.copyFrom(from));
    else this.#lose();
  }

  /** Writes everything kept, for the next try. */
  write(out: OutBuffer): void {
    for (const part of this.#parts) out.slice(part, 0, part.length);
  }

  /** Forgets everything. */
  stop(): void {
    this.#lose();
    this.#isKeeping = false;
    this.#bytes = 0;
  }

  #lose(): void {
    this.isWhole = false;
    if (this.#parts.length > 0) this.#parts.length = 0;
  }
}
