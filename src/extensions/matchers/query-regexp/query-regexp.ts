import { ok } from "../../../kernel/result.ts";
import type { LinearRegex } from "../../../rules/linear-regex.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { QUERY_COST } from "../query-cost.ts";
import { REGEX_COST, regexArgument } from "../regex-argument.ts";

interface QueryRegexpArg {
  readonly name: string;
  /** Null asks for an empty value. */
  readonly regex: LinearRegex | null;
}

/** The expression matches somewhere in some value of the query parameter. With one argument it is `Query` with one argument. */
export const queryRegexp: Matcher<QueryRegexpArg> = {
  name: "QueryRegexp",
  arity: { min: 1, max: 2 },
  cost: QUERY_COST + REGEX_COST,
  parse: (args) => {
    const name = args[0] as string;
    if (args.length === 1) return ok({ name, regex: null });
    const regex = regexArgument(args, 1);
    return regex.ok ? ok({ name, regex: regex.value }) : regex;
  },
  test: (facts, { name, regex }) => {
    for (const value of facts.queryValues(name)) if (regex === null ? value === "" : regex.test(value)) return true;
    return false;
  },
  scope: ({ name }, [, text]) => {
    const accepted = text === undefined ? ({ form: "exact", value: "" } as const) : ({ form: "regex", value: text } as const);
    return { subject: `query ${name}`, isSingle: false, ...accepted };
  },
};
