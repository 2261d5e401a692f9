import { ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { HEADER_COST, headerName } from "../header-name.ts";

interface HeaderArg {
  readonly name: string;
  readonly value: string;
}

/** Some value of the header is exactly this one, case included. */
export const header: Matcher<HeaderArg> = {
  name: "Header",
  arity: { min: 2, max: 2 },
  cost: HEADER_COST,
  parse: ([text, value]) => {
    const name = headerName("Header", text as string);
    return name.ok ? ok({ name: name.value, value: value as string }) : name;
  },
  test: (facts, { name, value }) => facts.headerValues(name).includes(value),
  scope: ({ name, value }) => ({ subject: `header ${name}`, isSingle: false, form: "exact", value }),
};
