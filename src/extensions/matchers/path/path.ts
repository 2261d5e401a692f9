import type { Matcher } from "../../../rules/matcher.ts";
import { pathArgument } from "../path-argument.ts";

/** The request's canonical path is exactly this one. */
export const path: Matcher<string> = {
  name: "Path",
  arity: { min: 1, max: 1 },
  parse: ([text]) => pathArgument("Path", text as string),
  test: (facts, wanted) => facts.path === wanted,
  key: (wanted) => ({ on: "path", form: "exact", value: wanted }),
  scope: (value) => ({ subject: "path", isSingle: true, form: "exact", value }),
};
