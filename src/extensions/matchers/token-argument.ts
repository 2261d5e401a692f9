import { fail, ok, type Result } from "../../kernel/result.ts";
import type { MatcherError } from "../../rules/matcher.ts";
import { excerpt } from "../../rules/rule-error.ts";

/** token of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Accepts a token, which is what methods and header names are; `what` names it in the message. */
export function tokenArgument(what: string, text: string): Result<string, MatcherError> {
  if (TOKEN.test(text)) return ok(text);
  return fail({ argument: 0, code: "InvalidRule", message: `${excerpt(text)} is not a ${what}`, hint: "" });
}
