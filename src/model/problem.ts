import type { ObjectRef } from "./object-ref.ts";
import type { ProblemCode } from "./problem-codes.ts";

export type Severity = "error" | "warning" | "info";

/** Something wrong in configuration. Returned and collected, never thrown. */
export interface Problem {
  readonly severity: Severity;
  readonly code: ProblemCode;
  readonly object: ObjectRef;
  /** Path of the field, as in `spec.routes[0].match`; "" for the object as a whole. */
  readonly field: string;
  /** What is wrong, in one sentence, naming the value. */
  readonly message: string;
  /** What to write instead; "" when the message says it all. */
  readonly hint: string;
}
