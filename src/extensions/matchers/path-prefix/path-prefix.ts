import type { Matcher } from "../../../rules/matcher.ts";
import { pathArgument } from "../path-argument.ts";

/** The request's canonical path begins with these characters: `/foo` is fulfilled by `/foobar` too. */
export const pathPrefix: Matcher<string> = {
  name: "PathPrefix",
  arity: { min: 1, max: 1 },
  parse: ([text]) => pathArgument("PathPrefix", text as string),
  test: (facts, prefix) => facts.path.startsWith(prefix),
  key: (prefix) => ({ on: "path", form: "prefix", value: prefix }),
  scope: (value) => ({ subject: "path", isSingle: true, form: "prefix", value }),
};
