import { type ResourceId, resourceId, resourceType } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Translations } from "./translations.ts";

/** Tells a Middleware that nobody but itself asks for. `id` may be of any part. */
export function unusedMiddleware(id: ResourceId, translations: Translations): readonly Problem[] {
  if (resourceType(id) !== "middleware") return [];
  const ref = middlewareOf(id);
  const root = translations.root(ref);
  if (root === undefined || translations.isUsed(id, root)) return [];
  return [problem("UnusedMiddleware", ref, "", "No route uses this Middleware.", "")];
}

/** The object a middleware's id names. */
function middlewareOf(id: ResourceId) {
  const [kind = "", namespace = "", name = ""] = id.slice("middleware:".length).split("/");
  const ref = { kind, namespace, name };
  if (resourceId("middleware", ref) !== id) throw new Error(`not the id of a Middleware: ${id}`);
  return ref;
}
