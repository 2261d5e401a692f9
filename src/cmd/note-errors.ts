import type { Problem } from "../model/problem.ts";
import { counted } from "./check-report.ts";

/** Says on stderr that manifests have errors, for commands whose business that is not: they look at what is left of them. */
export function noteErrors(problems: readonly Problem[], path: string): void {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) process.stderr.write(`note: ${counted(errors, "error")} in the manifests: fairway check ${path} tells\n`);
}
