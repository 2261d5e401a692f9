import type { LinearRegex } from "../../../rules/linear-regex.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { REGEX_COST, regexArgument, regexScope } from "../regex-argument.ts";

/** The expression matches somewhere in the request's host, which is lower case and without port and trailing dot. */
export const hostRegexp: Matcher<LinearRegex> = {
  name: "HostRegexp",
  arity: { min: 1, max: 1 },
  cost: REGEX_COST,
  parse: (args) => regexArgument(args, 0),
  test: (facts, regex) => regex.test(facts.host),
  key: () => ({ on: "host", form: "regex" }),
  scope: (_, [text]) => ({ subject: "host", isSingle: true, ...regexScope(text as string) }),
};
