import { closest, distance } from "fastest-levenshtein";
import { fail, ok, type Result } from "../kernel/result.ts";
import type { Rule, RuleMatch } from "../model/rule.ts";
import { describeToken, type Token, tokenize } from "./lexer.ts";
import { RULE_LENGTH_MAX, RULE_NESTING_MAX, RULE_TERMS_MAX } from "./limits.ts";
import type { RuleWord, WordTable } from "./matcher.ts";
import { excerpt, type RuleError, ruleError } from "./rule-error.ts";

type Parsed = Result<Rule, RuleError>;

/**
 * Parses the text of a rule.
 *
 *     or    = and { "||" and }
 *     and   = unary { "&&" unary }
 *     unary = "!" unary | "(" or ")" | name "(" [ string { "," string } ] ")"
 *
 * Names are matched in four spellings (`PathPrefix`, `pathprefix`, `PATHPREFIX`, `Pathprefix`); strings are back-quoted (raw) or
 * double-quoted with Go's escapes. Arguments are checked by their matcher. Never throws, whatever the text.
 */
export function parseRule(text: string, matchers: WordTable): Parsed {
  if (text.length > RULE_LENGTH_MAX) {
    return fail(ruleError(text, RULE_LENGTH_MAX, `rule longer than ${RULE_LENGTH_MAX} characters`));
  }
  const tokens = tokenize(text);
  return tokens.ok ? new RuleParser(text, tokens.value, matchers).parse() : tokens;
}

/** One walk over the tokens of one rule. */
class RuleParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #matchers: WordTable;
  #at = 0;
  #nesting = 0;
  #terms = 0;

  constructor(text: string, tokens: readonly Token[], matchers: WordTable) {
    this.#text = text;
    this.#tokens = tokens;
    this.#matchers = matchers;
  }

  parse(): Parsed {
    if (this.#peek().kind === "end") return this.#fail(this.#peek(), "empty rule", "write for example Host(`example.com`)");
    const rule = this.#or();
    if (!rule.ok || this.#peek().kind === "end") return rule;
    return this.#unexpected('"&&", "||" or the end of the rule');
  }

  #or(): Parsed {
    const first = this.#and();
    return first.ok && this.#peek().kind === "||" ? this.#list("or", first.value) : first;
  }

  #and(): Parsed {
    const first = this.#unary();
    return first.ok && this.#peek().kind === "&&" ? this.#list("and", first.value) : first;
  }

  /** Terms joined by one operator; terms that are lists of the same kind are taken apart, so that `(a && b) && c` is one list. */
  #list(op: "and" | "or", first: Rule): Parsed {
    const terms = first.op === op ? [...first.terms] : [first];
    while (this.#take(op === "and" ? "&&" : "||")) {
      const term = op === "and" ? this.#unary() : this.#and();
      if (!term.ok) return term;
      if (term.value.op === op) terms.push(...term.value.terms);
      else terms.push(term.value);
    }
    return ok({ op, terms });
  }

  #unary(): Parsed {
    const token = this.#peek();
    if (token.kind === "name") return this.#call();
    if (token.kind !== "!" && token.kind !== "(") return this.#unexpected('a matcher, "!" or "("');
    if (++this.#nesting > RULE_NESTING_MAX) return this.#fail(token, `nested deeper than ${RULE_NESTING_MAX}`);
    this.#at++;
    const inner = token.kind === "!" ? this.#not() : this.#group();
    this.#nesting--;
    return inner;
  }

  #not(): Parsed {
    const term = this.#unary();
    return term.ok ? ok({ op: "not", term: term.value }) : term;
  }

  #group(): Parsed {
    const rule = this.#or();
    if (!rule.ok || this.#take(")")) return rule;
    return this.#unexpected('"&&", "||" or ")"');
  }

  #call(): Parsed {
    const name = this.#next();
    const matcher = findMatcher(name.value, this.#matchers);
    if (matcher === undefined)
      return this.#fail(name, `unknown matcher ${excerpt(name.value)}`, suggestMatcher(name.value, this.#matchers));
    if (++this.#terms > RULE_TERMS_MAX) return this.#fail(name, `more than ${RULE_TERMS_MAX} matchers`);
    const args = this.#arguments();
    return args.ok ? this.#checked(name, matcher, args.value) : args;
  }

  #arguments(): Result<readonly Token[], RuleError> {
    if (!this.#take("(")) return this.#unexpected('"("');
    const args: Token[] = [];
    if (this.#take(")")) return ok(args);
    do {
      if (this.#peek().kind !== "string") return this.#unexpected("a string in back-quotes or double quotes");
      args.push(this.#next());
    } while (this.#take(","));
    return this.#take(")") ? ok(args) : this.#unexpected('"," or ")"');
  }

  #checked(name: Token, matcher: RuleWord, tokens: readonly Token[]): Parsed {
    const { min, max } = matcher.arity;
    if (tokens.length < min || tokens.length > max) {
      return this.#fail(name, `${matcher.name} takes ${arityText(min, max)}, not ${tokens.length}`, arityHint(matcher, tokens));
    }
    const empty = tokens.find((token) => token.value === "");
    if (empty !== undefined) return this.#fail(empty, `empty argument of ${matcher.name}`);
    const args = tokens.map((token) => token.value);
    const parsed = matcher.parse(args);
    if (parsed.ok) return ok<RuleMatch>({ args, matcher: matcher.name, op: "match" });
    const { argument, message, hint, code } = parsed.error;
    return fail(ruleError(this.#text, (tokens[argument] ?? name).offset, message, hint, code));
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** Goes past a token; the last one, `end`, is never passed. */
  #next(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #take(kind: Token["kind"]): boolean {
    if (this.#peek().kind !== kind) return false;
    this.#next();
    return true;
  }

  #unexpected(expected: string): { ok: false; error: RuleError } {
    return this.#fail(this.#peek(), `expected ${expected}, found ${describeToken(this.#peek())}`);
  }

  #fail(token: Token, what: string, hint = ""): { ok: false; error: RuleError } {
    return { ok: false, error: ruleError(this.#text, token.offset, what, hint) };
  }
}

/** Finds a matcher by any of its four spellings. */
function findMatcher(name: string, matchers: WordTable): RuleWord | undefined {
  const exact = matchers.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  if (name !== lower && name !== name.toUpperCase() && name !== lower[0]?.toUpperCase() + lower.slice(1)) return undefined;
  for (const matcher of matchers.values()) if (matcher.name.toLowerCase() === lower) return matcher;
  return undefined;
}

/** A name worth suggesting: at most a third of it differs. */
function suggestMatcher(name: string, matchers: WordTable): string {
  const names = [...matchers.keys()];
  const byLower = new Map(names.map((known) => [known.toLowerCase(), known]));
  const written = name.slice(0, 64).toLowerCase();
  const nearest = closest(written, [...byLower.keys()]);
  if (nearest !== undefined && distance(written, nearest) <= Math.max(1, Math.floor(nearest.length / 3))) {
    return `did you mean "${byLower.get(nearest)}"?`;
  }
  return `known matchers: ${names.sort().join(", ")}`;
}

function arityText(min: number, max: number): string {
  if (min === max) return `${min} argument${min === 1 ? "" : "s"}`;
  return `${min} to ${max} arguments`;
}

function arityHint(matcher: RuleWord, tokens: readonly Token[]): string {
  if (matcher.arity.max !== 1 || tokens.length < 2) return "";
  return `join alternatives with ||: ${matcher.name}(…) || ${matcher.name}(…)`;
}
