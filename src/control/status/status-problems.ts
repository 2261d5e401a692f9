import type { Problem, Severity } from "../../model/problem.ts";
import type { StatusProblem } from "../../schema/gen/ingress-route.ts";
import { cut } from "./conditions.ts";

export type { StatusProblem };

/** Most problems a status holds, as the schema says. */
export const PROBLEMS_MAX = 64;

/** Longest texts of a problem in a status, in UTF-16 units; what is longer is cut. */
const TEXT_MAX = 1_024;
const FIELD_MAX = 512;

/** Most UTF-8 bytes of all problems of a status together, so that a status never makes an object too large for the API server. */
export const PROBLEM_BYTES_MAX = 32 * 1024;

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Problems as a status holds them: errors first, otherwise in their order, and no more than the limits allow. */
export function statusProblems(problems: readonly Problem[]): StatusProblem[] {
  const ranked = [...problems].sort((a, b) => RANK[a.severity] - RANK[b.severity]).slice(0, PROBLEMS_MAX);
  const kept: StatusProblem[] = [];
  let bytes = 0;
  for (const { severity, code, field, message, hint } of ranked) {
    const said = { severity, code, field: cut(field, FIELD_MAX), message: cut(message, TEXT_MAX) };
    const entry: StatusProblem = hint === "" ? said : { ...said, hint: cut(hint, TEXT_MAX) };
    bytes += Buffer.byteLength(JSON.stringify(entry));
    if (bytes > PROBLEM_BYTES_MAX) break;
    kept.push(entry);
  }
  return kept;
}
