import { ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { QUERY_COST } from "../query-cost.ts";

interface QueryArg {
  readonly name: string;
  readonly value: string;
}

/** Some value of the query parameter is exactly this one. With one argument: the parameter is there with an empty value (`?debug`). */
export const query: Matcher<QueryArg> = {
  name: "Query",
  arity: { min: 1, max: 2 },
  cost: QUERY_COST,
  parse: ([name, value]) => ok({ name: name as string, value: value ?? "" }),
  test: (facts, { name, value }) => facts.queryValues(name).includes(value),
  scope: ({ name, value }) => ({ subject: `query ${name}`, isSingle: false, form: "exact", value }),
};
