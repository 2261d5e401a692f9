import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";

/** Tells that an object could not be compiled because of a defect in the code. */
export function defect(ref: ObjectRef, error: unknown): Problem {
  const what = error instanceof Error ? error.message : String(error);
  const message = `A defect keeps this object from being compiled; what it was compiled to before stays: ${what}.`;
  return problem("InternalError", ref, "", message, "Report it, with the object.");
}
