import { ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { tokenArgument } from "../token-argument.ts";

/** The request's method is this one, written in any case. Requests' methods are compared as they come (RFC 9110 §9.1). */
export const method: Matcher<string> = {
  name: "Method",
  arity: { min: 1, max: 1 },
  parse: ([text]) => {
    const token = tokenArgument("method", text as string);
    return token.ok ? ok(token.value.toUpperCase()) : token;
  },
  test: (facts, wanted) => facts.method === wanted,
  scope: (value) => ({ subject: "method", isSingle: true, form: "exact", value }),
};
