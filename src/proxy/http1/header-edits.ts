import { FIELD_VALUE } from "./bytes.ts";
import { type HeaderName, headerName, isNamed } from "./header-name.ts";
import type { OutBuffer } from "./out-buffer.ts";

/** Most fields added to one head, and most removed from it; a head that is to get more fails its exchange. */
export const EDITS_MAX = 200;

/**
 * What middlewares changed about the fields of one head: kept aside, and applied when the head is written. Names are lower case; those
 * that frame a message, or belong to one hop, are nobody's to edit. One instance is reused for many heads.
 */
export class HeaderEdits {
  /** More was asked for than `EDITS_MAX`: the head is not what middlewares want it to be, and must not be sent. */
  isBeyond = false;
  /** Some of the fields touched are those we write ourselves to tell servers who the client is. */
  touchesForwarded = false;
  // Lists that are filled anew keep their room: each is as long as its count says.
  readonly #removed: HeaderName[] = [];
  readonly #names: HeaderName[] = [];
  readonly #values: string[] = [];
  #removedCount = 0;
  #addedCount = 0;

  get isEmpty(): boolean {
    return this.#removedCount === 0 && this.#addedCount === 0;
  }

  clear(): void {
    if (this.isEmpty) return;
    this.isBeyond = false;
    this.touchesForwarded = false;
    for (let i = 0; i < this.#addedCount; i++) this.#values[i] = "";
    this.#removedCount = 0;
    this.#addedCount = 0;
  }

  /** Adds a value. One that a field may not hold (RFC 9110 §5.5) is left out. */
  add(name: string, value: string): void {
    this.#add(headerName(name), value);
  }

  /** Removes every value, those added before included. */
  remove(name: string): void {
    this.#remove(headerName(name));
  }

  set(name: string, value: string): void {
    const known = headerName(name);
    this.#remove(known);
    this.#add(known, value);
  }

  #add(name: HeaderName, value: string): void {
    if (!name.isEditable || !isFieldValue(value)) return;
    if (this.#addedCount >= EDITS_MAX) {
      this.isBeyond = true;
      return;
    }
    if (name.isForwarded) this.touchesForwarded = true;
    this.#names[this.#addedCount] = name;
    this.#values[this.#addedCount++] = value;
  }

  #remove(name: HeaderName): void {
    if (!name.isEditable) return;
    this.#dropAdded(name.text);
    if (this.removes(name.text)) return;
    if (this.#removedCount >= EDITS_MAX) this.isBeyond = true;
    else {
      if (name.isForwarded) this.touchesForwarded = true;
      this.#removed[this.#removedCount++] = name;
    }
  }

  #dropAdded(name: string): void {
    let kept = 0;
    for (let i = 0; i < this.#addedCount; i++) {
      const given = this.#names[i] as HeaderName;
      if (given.text === name) continue;
      this.#names[kept] = given;
      this.#values[kept++] = this.#values[i] as string;
    }
    this.#addedCount = kept;
  }

  /** Whether the values the head came with are gone. */
  removes(name: string): boolean {
    for (let i = 0; i < this.#removedCount; i++) if ((this.#removed[i] as HeaderName).text === name) return true;
    return false;
  }

  /** Whether the field at `[start, end)` of a head is gone. */
  removesField(bytes: Uint8Array, start: number, end: number): boolean {
    for (let i = 0; i < this.#removedCount; i++) if (isNamed(this.#removed[i] as HeaderName, bytes, start, end)) return true;
    return false;
  }

  /** Whether anything was done about `name`. */
  touches(name: string): boolean {
    return this.removes(name) || this.added(name) !== null;
  }

  /** The first value added, or null. */
  added(name: string): string | null {
    for (let i = 0; i < this.#addedCount; i++) if ((this.#names[i] as HeaderName).text === name) return this.#values[i] as string;
    return null;
  }

  /** Appends all values added to `into`. */
  collect(name: string, into: string[]): void {
    this.each((given, value) => {
      if (given === name) into.push(value);
    });
  }

  /** Tells of each value added, in order. */
  each(take: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#addedCount; i++) take((this.#names[i] as HeaderName).text, this.#values[i] as string);
  }

  /** Writes the fields added, but for those named `except`. */
  write(out: OutBuffer, except = ""): void {
    for (let i = 0; i < this.#addedCount; i++) {
      const { text, lineStart } = this.#names[i] as HeaderName;
      if (text === except) continue;
      out.all(lineStart);
      out.utf8(this.#values[i] as string);
      out.text("\r\n");
    }
  }
}

function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x80 && FIELD_VALUE[code] !== 1) return false;
  }
  return true;
}
