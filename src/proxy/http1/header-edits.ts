import { FIELD_VALUE } from "./bytes.ts";
import { isWritten } from "./forwarded.ts";
import type { OutBuffer } from "./out-buffer.ts";

/** Most fields added to one head, and most removed from it; a head that is to get more fails its exchange. */
export const EDITS_MAX = 200;

/** Fields that frame a message or belong to one hop: the engine writes them, and no edit touches them. */
const FRAMING: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);

/**
 * What middlewares changed about the fields of one head: kept aside, and applied when the head is written. Names are lower case.
 * One instance is reused for many heads.
 */
export class HeaderEdits {
  /** More was asked for than `EDITS_MAX`: the head is not what middlewares want it to be, and must not be sent. */
  isBeyond = false;
  /** Some of the fields touched are those we write ourselves to tell servers who the client is. */
  touchesForwarded = false;
  readonly #removed: string[] = [];
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  get isEmpty(): boolean {
    return this.#removed.length === 0 && this.#names.length === 0;
  }

  clear(): void {
    if (this.isEmpty) return;
    this.isBeyond = false;
    this.touchesForwarded = false;
    this.#removed.length = 0;
    this.#names.length = 0;
    this.#values.length = 0;
  }

  /** Adds a value. One that a field may not hold (RFC 9110 §5.5) is left out. */
  add(name: string, value: string): void {
    if (FRAMING.has(name) || !isFieldName(name) || !isFieldValue(value)) return;
    if (this.#names.length >= EDITS_MAX) {
      this.isBeyond = true;
      return;
    }
    this.#note(name);
    this.#names.push(name);
    this.#values.push(value);
  }

  /** Removes every value, those added before included. */
  remove(name: string): void {
    if (FRAMING.has(name)) return;
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#names[i] !== name) continue;
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
    if (this.#removed.includes(name)) return;
    if (this.#removed.length >= EDITS_MAX) this.isBeyond = true;
    else {
      this.#note(name);
      this.#removed.push(name);
    }
  }

  #note(name: string): void {
    if (isWritten(name)) this.touchesForwarded = true;
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  /** Whether the values the head came with are gone. */
  removes(name: string): boolean {
    return this.#removed.includes(name);
  }

  /** Whether the field at `[start, end)` of a head is gone. */
  removesField(bytes: Uint8Array, start: number, end: number): boolean {
    for (const name of this.#removed) if (isSameName(bytes, start, end, name)) return true;
    return false;
  }

  /** Whether anything was done about `name`. */
  touches(name: string): boolean {
    return this.#removed.includes(name) || this.#names.includes(name);
  }

  /** The first value added, or null. */
  added(name: string): string | null {
    const at = this.#names.indexOf(name);
    return at < 0 ? null : (this.#values[at] as string);
  }

  /** Appends all values added to `into`. */
  collect(name: string, into: string[]): void {
    for (let i = 0; i < this.#names.length; i++) if (this.#names[i] === name) into.push(this.#values[i] as string);
  }

  /** Tells of each value added, in order. */
  each(take: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#names.length; i++) take(this.#names[i] as string, this.#values[i] as string);
  }

  /** Writes the fields added, but for those named `except`. */
  write(out: OutBuffer, except = ""): void {
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i] as string;
      if (name === except) continue;
      out.text(wireName(name));
      out.text(": ");
      out.utf8(this.#values[i] as string);
      out.text("\r\n");
    }
  }
}

/** Whether the bytes spell a lower-case name, underscores taken for hyphens: no alias of a removed field slips through. */
function isSameName(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i] as number;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== name.charCodeAt(i) && !(lower === 0x5f && name.charCodeAt(i) === 0x2d)) return false;
  }
  return true;
}

function isFieldName(name: string): boolean {
  // What was written before is one.
  return wireNames.has(name) || /^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name);
}

function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x80 && FIELD_VALUE[code] !== 1) return false;
  }
  return true;
}

const wireNames = new Map<string, string>();
/** Spellings kept; names come from configuration, so there are few. */
const WIRE_NAMES_MAX = 1000;

/** The customary spelling of a name: each word with a capital. */
function wireName(name: string): string {
  const known = wireNames.get(name);
  if (known !== undefined) return known;
  const spelled = name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  if (wireNames.size < WIRE_NAMES_MAX) wireNames.set(name, spelled);
  return spelled;
}
