import type { LinearRegex } from "../../../rules/linear-regex.ts";
import { regexArgument } from "../../matchers/regex-argument.ts";
import type { TcpMatcher } from "../contract.ts";

/** The expression matches somewhere in the connection's server name, which is lower case; a connection without one has "". */
export const hostSniRegexp: TcpMatcher<LinearRegex> = {
  name: "HostSNIRegexp",
  arity: { min: 1, max: 1 },
  parse: (args) => regexArgument(args, 0),
  test: ({ serverName }, regex) => regex.test(serverName),
  key: () => ({ form: "regex", value: "" }),
};
