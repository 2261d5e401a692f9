import { originOf, type ResourceId, resourceType } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Translations } from "./translations.ts";

/** Tells a Middleware that nobody but itself asks for. `id` may be of any part. */
export function unusedMiddleware(id: ResourceId, translations: Translations): readonly Problem[] {
  if (resourceType(id) !== "middleware") return [];
  const ref = originOf(id);
  const root = translations.root(ref);
  if (root === undefined || translations.isUsed(id, root)) return [];
  return [problem("UnusedMiddleware", ref, "", "No route uses this Middleware.", "")];
}
