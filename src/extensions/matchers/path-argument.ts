import { fail, ok, type Result } from "../../kernel/result.ts";
import { canonicalPath } from "../../rules/canonical-path.ts";
import type { MatcherError } from "../../rules/matcher.ts";
import { excerpt } from "../../rules/rule-error.ts";

/** Accepts a path that a request can have: it begins with `/` and is its own canonical form. Anything else would never match. */
export function pathArgument(matcher: string, path: string): Result<string, MatcherError> {
  if (!path.startsWith("/"))
    return refuse(`${matcher} needs a path that begins with "/", not ${excerpt(path)}`, `write ${JSON.stringify(`/${path}`)}`);
  const canonical = canonicalPath(path);
  if (canonical === path) return ok(path);
  return refuse(`${matcher} of ${excerpt(path)} would never match: requests have canonical paths`, hintFor(path, canonical));
}

function hintFor(path: string, canonical: string | null): string {
  if (/[{}*?^$|]/.test(path)) return "paths are plain text here: use PathRegexp for patterns and Query for parameters";
  const wanted = canonical ?? canonicalPath(percentEncode(path));
  return wanted === null ? "no request can have this path" : `write ${JSON.stringify(wanted)}`;
}

/** Encodes what a URI cannot hold, so that a path written for people (spaces, umlauts) gets a useful hint. */
function percentEncode(path: string): string {
  return encodeURI(path.toWellFormed()).replaceAll("%25", "%");
}

function refuse(message: string, hint: string): { ok: false; error: MatcherError } {
  return fail({ argument: 0, code: "InvalidRule", message, hint });
}
