import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { compareText } from "../kernel/compare-text.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";

/** An object that was checked, and where it stands. */
export interface CheckedFileObject {
  readonly object: ObjectRef;
  readonly file: string;
  readonly line: number;
}

/** What `fairway check --output json` prints; its schema is docs/reference/check.schema.json. */
export interface CheckReport {
  /** By file, line, field, code and message. */
  readonly problems: readonly LocatedProblem[];
  readonly summary: { readonly objects: number; readonly errors: number; readonly warnings: number };
}

/** Puts a report together, in an order that depends on the problems alone. */
export function checkReport(found: readonly LocatedProblem[], objects: number): CheckReport {
  const problems = found.map(({ severity, code, object, file, line, field, message, hint }) => {
    const { kind, namespace, name } = object;
    return { severity, code, object: { kind, namespace, name }, file, line, field, message, hint };
  });
  const count = (severity: string): number => problems.filter((each) => each.severity === severity).length;
  return { problems: problems.sort(inOrder), summary: { objects, errors: count("error"), warnings: count("warning") } };
}

/** The report for people: a line a problem, as compilers write them, then what it comes to. */
export function reportText(report: CheckReport): string {
  return `${[...report.problems.map(problemText), summaryText(report)].join("\n")}\n`;
}

/** What the report comes to: `23 objects, 1 error, 0 warnings`. */
export function summaryText({ summary: { objects, errors, warnings } }: CheckReport): string {
  return `${counted(objects, "object")}, ${counted(errors, "error")}, ${counted(warnings, "warning")}`;
}

/** `file:line: error Code kind/ns/name field: message (hint)`, without the parts that are empty. */
export function problemText({ severity, code, object, file, line, field, message, hint }: LocatedProblem): string {
  const place = file === "" ? [] : [`${file}:${line}:`];
  const about = [object.kind === "" ? "" : objectKey(object), field].filter((part) => part !== "").join(" ");
  const head = [...place, severity, about === "" ? `${code}:` : `${code} ${about}:`].join(" ");
  return hint === "" ? `${head} ${message}` : `${head} ${message} (${hint})`;
}

function inOrder(a: LocatedProblem, b: LocatedProblem): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    compareText(a.field, b.field) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message) ||
    compareText(objectKey(a.object), objectKey(b.object))
  );
}

/** `1 error`, `2 errors`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
