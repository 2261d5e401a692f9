import { fail, ok, type Result } from "../kernel/result.ts";

/** What is wrong inside a string literal, and where (code units from the first one inside the quotes). */
export interface EscapeError {
  readonly offset: number;
  readonly what: string;
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** Escapes that name a character by number: `\101`, `\x41`, `\u0041`, `\U00000041` (The Go Programming Language Specification, string literals). */
const NUMERIC = /(?:([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/y;

/**
 * The value of a double-quoted Go string literal, given what stands between its quotes.
 *
 * Exception: in Go `\x80` to `\xff` and their octal forms are single bytes; text here is characters, so they are refused.
 */
export function unescapeGo(inner: string): Result<string, EscapeError> {
  let out = "";
  let from = 0;
  for (let at = inner.indexOf("\\"); at >= 0; at = inner.indexOf("\\", from)) {
    out += inner.slice(from, at);
    const simple = SIMPLE[inner[at + 1] ?? ""];
    if (simple !== undefined) {
      out += simple;
      from = at + 2;
      continue;
    }
    NUMERIC.lastIndex = at + 1;
    const found = NUMERIC.exec(inner);
    if (found === null) return fail({ offset: at, what: `unknown escape ${JSON.stringify(inner.slice(at, at + 2))}` });
    const char = numbered(found);
    if (char === null) return fail({ offset: at, what: `escape "\\${found[0]}" names no character` });
    out += char;
    from = at + 1 + found[0].length;
  }
  return ok(out + inner.slice(from));
}

function numbered(found: RegExpExecArray): string | null {
  const [, octal, byte, short, long] = found;
  const code = octal === undefined ? Number.parseInt((byte ?? short ?? long) as string, 16) : Number.parseInt(octal, 8);
  if ((octal !== undefined || byte !== undefined) && code > 0x7f) return null;
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
  return String.fromCodePoint(code);
}

/** Writes `value` as a string literal: back-quoted where that can hold it, else double-quoted. */
export function quoteGo(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  if (!/[`\u0000-\u001f\u007f]/.test(value)) return `\`${value}\``;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  return `"${value.replace(/["\\\u0000-\u001f\u007f]/g, escapeOne)}"`;
}

function escapeOne(char: string): string {
  if (char === '"' || char === "\\") return `\\${char}`;
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
