import { ok } from "../../../kernel/result.ts";
import type { LinearRegex } from "../../../rules/linear-regex.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { HEADER_COST, headerName } from "../header-name.ts";
import { REGEX_COST, regexArgument, regexScope } from "../regex-argument.ts";

interface HeaderRegexpArg {
  readonly name: string;
  readonly regex: LinearRegex;
}

/** The expression matches somewhere in some value of the header. */
export const headerRegexp: Matcher<HeaderRegexpArg> = {
  name: "HeaderRegexp",
  arity: { min: 2, max: 2 },
  cost: HEADER_COST + REGEX_COST,
  parse: (args) => {
    const name = headerName("HeaderRegexp", args[0] as string);
    if (!name.ok) return name;
    const regex = regexArgument(args, 1);
    return regex.ok ? ok({ name: name.value, regex: regex.value }) : regex;
  },
  test: (facts, { name, regex }) => {
    for (const value of facts.headerValues(name)) if (regex.test(value)) return true;
    return false;
  },
  scope: ({ name }, [, text]) => ({ subject: `header ${name}`, isSingle: false, ...regexScope(text as string) }),
};
