/** An answer as it came, held to RFC 9112 more strictly than clients need: whatever is odd is an error. */
export interface WireResponse {
  readonly status: number;
  /** By lower-case name; repeated fields joined with `, `. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Head {
  readonly status: number;
  readonly fields: Record<string, string>;
  /** -1: in chunks. */
  readonly length: number;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [^\r\n]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\r\n]*)$/;

/** Takes answers off a stream of bytes, one after the other. */
export class ResponseReader {
  #bytes: Buffer = Buffer.alloc(0);
  #head: Head | null = null;
  #chunks: Buffer[] = [];

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** Whether part of an answer, or bytes nobody asked for, are there. */
  get hasBytes(): boolean {
    return this.#bytes.length > 0 || this.#head !== null;
  }

  /** Takes what is there as it is, as after an upgrade. */
  raw(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return bytes;
  }

  /** The next final answer to a request of `method`, or a 101; null when it is not whole yet. Throws when it is malformed. */
  next(method: string): WireResponse | null {
    for (;;) {
      this.#head ??= this.#takeHead();
      if (this.#head === null) return null;
      const { status, fields, length } = this.#head;
      const hasBody = method !== "HEAD" && status >= 200 && status !== 204 && status !== 304;
      const body = hasBody ? this.#takeBody(length) : Buffer.alloc(0);
      if (body === null) return null;
      this.#head = null;
      if (status >= 200 || status === 101) return { status, fields, body };
    }
  }

  #takeHead(): Head | null {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return null;
    const [line = "", ...rest] = this.#bytes.toString("latin1", 0, end).split("\r\n");
    this.#bytes = this.#bytes.subarray(end + 4);
    const status = STATUS_LINE.exec(line);
    if (status === null) throw new Error(`no status line: ${JSON.stringify(line)}`);
    const fields: Record<string, string> = {};
    for (const text of rest) {
      const [, name = "", value = ""] = FIELD.exec(text) ?? [];
      if (name === "") throw new Error(`no field: ${JSON.stringify(text)}`);
      const key = name.toLowerCase();
      fields[key] = fields[key] === undefined ? value : `${fields[key]}, ${value}`;
    }
    return { status: Number(status[1]), fields, length: lengthOf(fields, Number(status[1])) };
  }

  #takeBody(length: number): Buffer | null {
    if (length < 0) return this.#takeChunks();
    if (this.#bytes.length < length) return null;
    const body = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return body;
  }

  #takeChunks(): Buffer | null {
    for (;;) {
      const lineEnd = this.#bytes.indexOf("\r\n");
      if (lineEnd < 0) return null;
      const text = this.#bytes.toString("latin1", 0, lineEnd);
      if (!/^[0-9a-fA-F]{1,8}$/.test(text)) throw new Error(`no chunk size: ${JSON.stringify(text.slice(0, 40))}`);
      const [start, size] = [lineEnd + 2, Number.parseInt(text, 16)];
      if (this.#bytes.length < start + size + 2) return null;
      if (this.#bytes.toString("latin1", start + size, start + size + 2) !== "\r\n")
        throw new Error("a chunk does not end where it says");
      this.#chunks.push(this.#bytes.subarray(start, start + size));
      this.#bytes = this.#bytes.subarray(start + size + 2);
      if (size > 0) continue;
      const body = Buffer.concat(this.#chunks);
      this.#chunks = [];
      return body;
    }
  }
}

function lengthOf(fields: Readonly<Record<string, string>>, status: number): number {
  const { "content-length": length, "transfer-encoding": coding } = fields;
  if (length !== undefined && coding !== undefined) throw new Error("both a length and a transfer coding");
  if (coding !== undefined && coding !== "chunked") throw new Error(`transfer coding ${coding}`);
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`length ${length}`);
  if (coding === "chunked") return -1;
  if (length === undefined && status >= 200 && status !== 204 && status !== 304) throw new Error("neither a length nor chunks");
  return Number(length ?? 0);
}
