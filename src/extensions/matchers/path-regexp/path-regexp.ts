import type { LinearRegex } from "../../../rules/linear-regex.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { REGEX_COST, regexArgument, regexScope } from "../regex-argument.ts";

/** The expression matches somewhere in the request's canonical path. */
export const pathRegexp: Matcher<LinearRegex> = {
  name: "PathRegexp",
  arity: { min: 1, max: 1 },
  cost: REGEX_COST,
  parse: (args) => regexArgument(args, 0),
  test: (facts, regex) => regex.test(facts.path),
  key: () => ({ on: "path", form: "regex" }),
  scope: (_, [text]) => ({ subject: "path", isSingle: true, ...regexScope(text as string) }),
};
