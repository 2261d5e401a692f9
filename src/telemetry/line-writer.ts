import { Buffer } from "node:buffer";
import { ByteWriter } from "../kernel/byte-writer.ts";

/** Latin-1 text in borrowed bytes: `bytes[start, end)`. */
export interface ByteRange {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = Buffer.from("0123456789abcdef");

/** Visible ASCII and SP, but for what ends a string or escapes in it: all of this needs no escape in any format. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH;
}

/** Lines of a log as bytes. What somebody else says is put in quotes so that it cannot end them, or the line. */
export class LineWriter extends ByteWriter {
  /** What was written so far, to keep: the buffer itself where that is worth it, and then another takes its place. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes, length } = this;
    this.length = 0;
    if (length >= bytes.length / 2) {
      this.bytes = Buffer.allocUnsafeSlow(bytes.length);
      return bytes.subarray(0, length) as Uint8Array<ArrayBuffer>;
    }
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(0, length));
    return copy;
  }

  /** A JSON string (RFC 8259 §7). */
  json(text: string): void {
    if (isPlainText(text)) this.#quoted(text);
    else this.utf8(JSON.stringify(text));
  }

  /** The same of bytes. */
  jsonRange({ bytes, start, end }: ByteRange): void {
    if (isPlainRange(bytes, start, end)) this.#quotedRange(bytes, start, end);
    else this.utf8(JSON.stringify(bytes.toString("latin1", start, end)));
  }

  /** In quotes, as in the common log format: what could end them, or the line, and what terminals obey, as `\xHH`. `-` for nothing. */
  clf(text: string): void {
    if (text === "") this.text('"-"');
    else if (isPlainText(text)) this.#quoted(text);
    else {
      const bytes = Buffer.from(text, "latin1");
      this.clfRange({ bytes, start: 0, end: bytes.length });
    }
  }

  /** The same of bytes. */
  clfRange({ bytes, start, end }: ByteRange): void {
    if (start === end) this.text('"-"');
    else if (isPlainRange(bytes, start, end)) this.#quotedRange(bytes, start, end);
    else {
      this.byte(QUOTE);
      this.escapedRange(bytes, start, end);
      this.byte(QUOTE);
    }
  }

  /** As in `clfRange`, without the quotes. */
  escapedRange(bytes: Buffer, start: number, end: number): void {
    if (isPlainRange(bytes, start, end)) {
      this.slice(bytes, start, end);
      return;
    }
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (isPlain(byte)) this.byte(byte);
      else {
        this.text("\\x");
        this.byte(HEX[byte >> 4] as number);
        this.byte(HEX[byte & 15] as number);
      }
    }
  }

  #quoted(text: string): void {
    this.byte(QUOTE);
    this.text(text);
    this.byte(QUOTE);
  }

  #quotedRange(bytes: Buffer, start: number, end: number): void {
    this.byte(QUOTE);
    this.slice(bytes, start, end);
    this.byte(QUOTE);
  }
}

function isPlainText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isPlain(text.charCodeAt(i))) return false;
  return true;
}

function isPlainRange(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isPlain(bytes[i] as number)) return false;
  return true;
}
