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
const DOUBLE_QUOTED = /"((?:[^"\\\n]|\\[^\n])*)"/y;
const BACK_QUOTED = /`([^`]*)`/y;

/** Splits a rule into tokens; the last one is always `end`. Linear in the length of the text. */
export function tokenize(text: string): Result<readonly Token[], RuleError> {
  const tokens: Token[] = [];
  let offset = skipSpace(text, 0);
  while (offset < text.length) {
    const token = readToken(text, offset);
    if (!token.ok) return token;
    tokens.push(token.value);
    offset = skipSpace(text, token.value.end);
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
  const symbol = matchAt(SYMBOL, text, offset);
  if (symbol !== null) return ok({ kind: symbol[0] as Token["kind"], value: symbol[0], offset, end: offset + symbol[0].length });
  const name = matchAt(NAME, text, offset);
  if (name !== null) return ok({ kind: "name", value: name[0], offset, end: offset + name[0].length });
  if (text[offset] === "`") return readRawString(text, offset);
  if (text[offset] === '"') return readEscapedString(text, offset);
  return fail(unexpectedCharacter(text, offset));
}

/** Go's raw string literal: everything up to the next back-quote, carriage returns left out. */
function readRawString(text: string, offset: number): Result<Token, RuleError> {
  const found = matchAt(BACK_QUOTED, text, offset);
  if (found === null) return fail(ruleError(text, offset, "string without its closing back-quote"));
  const value = (found[1] as string).replaceAll("\r", "");
  return ok({ kind: "string", value, offset, end: offset + found[0].length });
}

function readEscapedString(text: string, offset: number): Result<Token, RuleError> {
  const found = matchAt(DOUBLE_QUOTED, text, offset);
  if (found === null) return fail(ruleError(text, offset, "string without its closing quote"));
  const value = unescapeGo(found[1] as string);
  if (!value.ok) {
    const { offset: at, what } = value.error;
    const hint = "back-quoted strings need no escapes: `^/v[0-9]+\\.json$`";
    return fail(ruleError(text, offset + 1 + at, what, hint));
  }
  return ok({ kind: "string", value: value.value, offset, end: offset + found[0].length });
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

function skipSpace(text: string, offset: number): number {
  return offset + (matchAt(SPACE, text, offset)?.[0].length ?? 0);
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}
