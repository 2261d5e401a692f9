import { fail, ok, type Result } from "../../kernel/result.ts";
import { canonicalPath } from "../../rules/canonical-path.ts";
import { invalidOption, type OptionProblem } from "./contract.ts";

/**
 * Brings a path or prefix that was written in options to the one canonical form that requests have, so that the two can be compared
 * as text. Spaces and characters outside ASCII may be written as they are.
 */
export function configuredPath(text: string, field: string): Result<string, OptionProblem> {
  const shown = JSON.stringify(text);
  if (!text.startsWith("/"))
    return fail(invalidOption(field, `${shown} does not begin with a slash`, `write ${JSON.stringify(`/${text}`)}`));
  const path = text.isWellFormed() ? canonicalPath(text.replace(/[^\x21-\x7e]+/g, encodeURIComponent)) : null;
  if (path !== null) return ok(path);
  return fail(
    invalidOption(
      field,
      `${shown} cannot be brought to one safe form`,
      "leave out ?, #, backslashes, broken escapes and %00 %23 %25 %2F %3B %3F %5C",
    ),
  );
}
