import { fail, ok, type Result } from "../kernel/result.ts";
import { unescapeGo } from "./go-string.ts";
import { excerpt, type RuleError, ruleError } from "./rule-error.ts";

/** A piece of a rule. `value` is the name, or the string without quotes and escapes; otherwise the token as written. */
export interface Token {
  readonly kind: "name" | "string" | "(" | ")" | "," | "&&" | "||" | "!" | "end";
  readonly value: string;
  /** Where it begins, in UTF-16 code units from 0. */
  readonly offset: number;
  /** Just past its last code unit. */
  readonly end: number;
}

const SPACE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const SYMBOL = /&&|\|\||[()!,]/y;
/** Up to the closing quote; a backslash takes the next character with it. */
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y;
const BACK_QUOTED = /`[^`]*`/y;

/** Splits a rule into tokens; the last one is always `end`. Linear in the length of the text. */
export function tokenize(text: string): Result<readonly Token[], RuleError> {
  const tokens: Token[] = [];
  let offset = endOf(SPACE, text, 0);
  while (offset < text.length) {
    const token = readToken(text, offset);
    if (!token.ok) return token;
    tokens.push(token.value);
    offset = endOf(SPACE, text, token.value.end);
  }
  tokens.push({ kind: "end", value: "", offset: text.length, end: text.length });
  return ok(tokens);
}

/** How a token is called in a message. */
export function describeToken(token: Token): string {
  if (token.kind === "end") return "the end of the rule";
  if (token.kind === "string") return "a string";
  return excerpt(token.value);
}

function readToken(text: string, offset: number): Result<Token, RuleError> {
  if (text[offset] === "`") return readRawString(text, offset);
  if (text[offset] === '"') return readEscapedString(text, offset);
  const nameEnd = endOf(NAME, text, offset);
  if (nameEnd > offset) return ok({ kind: "name", value: text.slice(offset, nameEnd), offset, end: nameEnd });
  const end = endOf(SYMBOL, text, offset);
  if (end === offset) return fail(unexpectedCharacter(text, offset));
  const value = text.slice(offset, end);
  return ok({ kind: value as Token["kind"], value, offset, end });
}

/** Go's raw string literal: everything up to the next back-quote, carriage returns left out. */
function readRawString(text: string, offset: number): Result<Token, RuleError> {
  const end = endOf(BACK_QUOTED, text, offset);
  if (end === offset) return fail(ruleError(text, offset, "string without its closing back-quote"));
  const value = text.slice(offset + 1, end - 1).replaceAll("\r", "");
  return ok({ kind: "string", value, offset, end });
}

function readEscapedString(text: string, offset: number): Result<Token, RuleError> {
  const end = endOf(DOUBLE_QUOTED, text, offset);
  if (end === offset) return fail(ruleError(text, offset, "string without its closing quote"));
  const value = unescapeGo(text.slice(offset + 1, end - 1));
  if (!value.ok) {
    const { offset: at, what } = value.error;
    const hint = "back-quoted strings need no escapes: `^/v[0-9]+\\.json$`";
    return fail(ruleError(text, offset + 1 + at, what, hint));
  }
  return ok({ kind: "string", value: value.value, offset, end });
}

function unexpectedCharacter(text: string, offset: number): RuleError {
  const char = String.fromCodePoint(text.codePointAt(offset) as number);
  const hints: Readonly<Record<string, string>> = {
    "'": "put strings in back-quotes or double quotes",
    "&": 'write "&&"',
    "|": 'write "||"',
  };
  return ruleError(text, offset, `unexpected character ${JSON.stringify(char)}`, hints[char] ?? "");
}

/** Where what a (sticky) pattern finds at `offset` ends; `offset` when it finds nothing there. */
function endOf(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}
