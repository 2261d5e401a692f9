/**
 * Reads the plain part of YAML that manifests are nearly always written in, about twenty times faster than a full parser: block
 * mappings and sequences, one-line scalars, one-line lists of words, comments on lines of their own.
 *
 * It never guesses: whatever is not certainly plain (anchors, tags, block and multi-line scalars, escapes, duplicate keys,
 * errors of any sort) makes it give up, and a full parser has to read the text. What it does return equals what that would.
 */
export function readPlainYaml(text: string): { readonly value: unknown } | undefined {
  if (/[^\n\x20-\x7e]/.test(text)) return undefined;
  const lines = contentLines(text);
  if (lines.length === 0) return undefined;
  try {
    const reader = new PlainReader(lines);
    return { value: reader.readAll() };
  } catch (reason) {
    if (reason === NOT_PLAIN) return undefined;
    throw reason;
  }
}

/** Thrown and caught inside this file only: a fast way out of any depth. */
const NOT_PLAIN = Symbol("not plain");

/** How deep a document may nest before a full parser (which has its own limit) has to decide. */
const DEPTH_MAX = 100;

interface Line {
  readonly indent: number;
  readonly content: string;
}

/** A key (never one that YAML takes for something else than text), a colon, and perhaps a value. */
const KEY_LINE = /^([A-Za-z][A-Za-z0-9_./-]*):(?: +(.+))?$/;
const NOT_TEXT = /^(?:true|false|null|~)$/i;
const INTEGER = /^-?(?:0|[1-9][0-9]{0,14})$/;
/** What begins as letters, paths and patterns do is text; so are dotted quads, with or without a prefix length. */
const TEXT = /^(?:[A-Za-z/^($_=]|\d+\.\d+\.\d+\.\d+(?:\/\d+)?$)/;
const WORD_LIST = /^\[ *([A-Za-z][A-Za-z0-9_./-]*(?: *, *[A-Za-z][A-Za-z0-9_./-]*)*) *\]$/;

function contentLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split("\n")) {
    const content = line.trim();
    if (content !== "" && !content.startsWith("#")) lines.push({ indent: line.length - line.trimStart().length, content });
  }
  return lines;
}

class PlainReader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  readAll(): unknown {
    const first = this.#lines[0];
    const value = this.#block(first?.indent ?? 0, 0);
    if (this.#at < this.#lines.length) throw NOT_PLAIN;
    return value;
  }

  #block(indent: number, depth: number): unknown {
    if (depth > DEPTH_MAX) throw NOT_PLAIN;
    return isItem(this.#lines[this.#at]) ? this.#sequence(indent, depth) : this.#mapping(indent, depth);
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    const mapping: Record<string, unknown> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, key, value] = KEY_LINE.exec(line.content) ?? [];
      if (key === undefined || NOT_TEXT.test(key) || Object.hasOwn(mapping, key)) throw NOT_PLAIN;
      this.#at++;
      mapping[key] = value === undefined ? this.#below(indent, depth, true) : this.#scalar(value, indent);
    }
    return mapping;
  }

  #sequence(indent: number, depth: number): unknown[] {
    const sequence: unknown[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && isItem(line); line = this.#lines[this.#at]) {
      const content = line.content.slice(1).trimStart();
      if (content !== "" && (content.startsWith("- ") || content === "-" || KEY_LINE.test(content))) {
        const inner = indent + line.content.length - content.length;
        this.#lines[this.#at] = { indent: inner, content };
        sequence.push(this.#block(inner, depth + 1));
      } else {
        this.#at++;
        sequence.push(content === "" ? this.#below(indent, depth, false) : this.#scalar(content, indent));
      }
    }
    return sequence;
  }

  /** What a key or a dash without a value on its line holds. A sequence may stand at the same indent as its key. */
  #below(indent: number, depth: number, ofKey: boolean): unknown {
    const next = this.#lines[this.#at];
    if (next === undefined || next.indent < indent) return null;
    if (next.indent > indent) return this.#block(next.indent, depth + 1);
    return ofKey && isItem(next) ? this.#sequence(indent, depth + 1) : null;
  }

  /** A value on one line; the line after it must not be a continuation. */
  #scalar(text: string, indent: number): unknown {
    const next = this.#lines[this.#at];
    if (next !== undefined && next.indent > indent) throw NOT_PLAIN;
    return scalar(text);
  }
}

function isItem(line: Line | undefined): boolean {
  return line !== undefined && (line.content.startsWith("- ") || line.content === "-");
}

function scalar(text: string): unknown {
  const first = text[0];
  if (first === '"') return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : giveUp();
  if (first === "'") return /^'[^']*'$/.test(text) ? text.slice(1, -1) : giveUp();
  if (INTEGER.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  if (text === "{}") return {};
  if (text === "[]") return [];
  const words = WORD_LIST.exec(text)?.[1]?.split(",");
  if (words !== undefined) return words.map((word) => (NOT_TEXT.test(word.trim()) ? giveUp() : word.trim()));
  const isText = TEXT.test(text) && !NOT_TEXT.test(text) && !text.includes(": ") && !text.includes(" #") && !text.endsWith(":");
  return isText ? text : giveUp();
}

function giveUp(): never {
  throw NOT_PLAIN;
}
