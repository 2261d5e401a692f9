import { fail, ok, type Result } from "../../kernel/result.ts";
import type { MatcherError } from "../../rules/matcher.ts";
import { tokenArgument } from "./token-argument.ts";

/** What looking a header up costs next to one comparison of strings. */
export const HEADER_COST = 4;

/** Accepts the name of a header, and returns it in lower case. `host` is refused: it is never among the headers a rule sees. */
export function headerName(matcher: string, text: string): Result<string, MatcherError> {
  const name = tokenArgument("header name", text);
  if (!name.ok) return name;
  const lower = name.value.toLowerCase();
  if (lower !== "host") return ok(lower);
  const hint = `use ${matcher === "Header" ? "Host" : "HostRegexp"}`;
  return fail({ argument: 0, code: "InvalidRule", message: `${matcher} cannot see the Host header`, hint });
}
