import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import { fail, ok, type Result } from "../kernel/result.ts";
import { REGEX_CACHE_INSTRUCTIONS_MAX, REGEX_INSTRUCTIONS_MAX, REGEX_LENGTH_MAX } from "./limits.ts";
import { excerpt } from "./rule-error.ts";

/** A regular expression in RE2 syntax, matched in time linear in the text. */
export interface LinearRegex {
  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean;
}

export interface RegexError {
  readonly message: string;
  readonly hint: string;
}

const RE2_HINT = "regular expressions have RE2 syntax";

/** What other engines have and RE2 cannot have, since it would make matching slower than linear. */
const NOT_LINEAR: readonly (readonly [found: RegExp, what: string])[] = [
  [/^\(\?<[=!]/, "look-behind"],
  [/^\(\?[=!]/, "look-ahead"],
  [/^\(\?>/, "an atomic group"],
  [/^\(\?P[=>]/, "a back-reference"],
  [/^\\[1-9k]/, "a back-reference"],
];

/**
 * What was compiled last, by its text, the oldest first. A rule is read several times on its way (parsed, measured, indexed, compiled),
 * and compiling takes 0.1 ms; expressions hold no state of their users.
 */
const cache = new Map<string, RE2JS>();
let cachedInstructions = 0;

/** Compiles a regular expression, or says what is wrong with it. Never throws, whatever the text. */
export function compileRegex(text: string): Result<LinearRegex, RegexError> {
  const cached = cache.get(text);
  if (cached !== undefined) return ok(cached);
  const compiled = compileNew(text);
  if (compiled.ok) remember(text, compiled.value);
  return compiled;
}

function remember(text: string, regex: RE2JS): void {
  cache.set(text, regex);
  cachedInstructions += regex.programSize();
  for (const [oldestText, oldest] of cache) {
    if (cachedInstructions <= REGEX_CACHE_INSTRUCTIONS_MAX) return;
    cache.delete(oldestText);
    cachedInstructions -= oldest.programSize();
  }
}

function compileNew(text: string): Result<RE2JS, RegexError> {
  if (text.length > REGEX_LENGTH_MAX)
    return fail({ message: `regular expression longer than ${REGEX_LENGTH_MAX} characters`, hint: "" });
  try {
    const regex = RE2JS.compile(text);
    if (regex.programSize() <= REGEX_INSTRUCTIONS_MAX) return ok(regex);
    return fail({ message: "regular expression too costly", hint: "use smaller repeat counts" });
  } catch (cause) {
    if (cause instanceof RE2JSSyntaxException) return fail(explain(text, cause));
    if (cause instanceof RE2JSException) return fail({ message: `invalid regular expression: ${cause.message}`, hint: RE2_HINT });
    throw cause;
  }
}

function explain(text: string, cause: RE2JSSyntaxException): RegexError {
  const where = cause.input ?? "";
  const shown = excerpt(where);
  const unable = unlinearPart(text, where);
  if (unable !== undefined) {
    return {
      message: `regular expression with ${unable} (${shown})`,
      hint: `${RE2_HINT}, which has none: it keeps matching linear in time`,
    };
  }
  return { message: `invalid regular expression: ${cause.error} (${shown})`, hint: RE2_HINT };
}

/** The engine points at the first few characters of what it refuses (`(?P`), so the look is at the pattern from there on. */
function unlinearPart(text: string, where: string): string | undefined {
  for (let at = text.indexOf(where); at >= 0 && where !== ""; at = text.indexOf(where, at + 1)) {
    const rest = text.slice(at);
    const entry = NOT_LINEAR.find(([pattern]) => pattern.test(rest));
    if (entry !== undefined) return entry[1];
  }
  return undefined;
}
