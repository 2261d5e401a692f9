import { fail, ok, type Result } from "../kernel/result.ts";
import { counted } from "./check-report.ts";
import { explainText } from "./explain-text.ts";
import type { Explainer, ExplainReport } from "./explainer.ts";
import { junitReport } from "./junit.ts";
import type { CaseError, TestCase } from "./test-cases.ts";
import { type Difference, differencesOf } from "./test-outcome.ts";

/** What `fairway test --output json` prints. Fields may be added, never removed. Schema: `docs/reference/test.schema.json`. */
export interface TestReport {
  /** In the order of the file. */
  readonly cases: readonly CaseReport[];
  readonly summary: { readonly cases: number; readonly passed: number; readonly failed: number };
}

export interface CaseReport {
  /** Method and URL where the file gives none. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
  /** Where the request goes, and why; null when the test passed. */
  readonly explanation: ExplainReport | null;
}

/** Runs the tests of a file. Errors: cases whose request is none. */
export function runTests(
  cases: readonly TestCase[],
  explainer: Explainer,
  file: string,
): Result<TestReport, readonly CaseError[]> {
  const reports: CaseReport[] = [];
  const errors: CaseError[] = [];
  for (const one of cases) {
    const report = runTest(one, explainer, file);
    if (report.ok) reports.push(report.value);
    else errors.push({ line: one.line, message: `request: ${report.error}` });
  }
  if (errors.length > 0) return fail(errors);
  const passed = reports.filter((report) => report.passed).length;
  return ok({ cases: reports, summary: { cases: reports.length, passed, failed: reports.length - passed } });
}

function runTest({ name, line, request, expect }: TestCase, explainer: Explainer, file: string): Result<CaseReport, string> {
  const answered = explainer.answer(request);
  if (!answered.ok) return answered;
  const differences = differencesOf(expect, answered.value);
  answered.value.exchange.end();
  const head = { name: name === "" ? `${request.method} ${request.url}` : name, file, line };
  if (differences.length === 0) return ok({ ...head, passed: true, differences, explanation: null });
  const explained = explainer.explain(request);
  return explained.ok ? ok({ ...head, passed: false, differences, explanation: explained.value.report }) : explained;
}

/** The report for people: a line a test, and for those that failed what differs, and why. */
export function testText({ cases, summary }: TestReport): string {
  const lines = cases.flatMap((one) =>
    one.passed ? [`ok    ${one.name}`] : [`FAIL  ${one.name} (${one.file}:${one.line})`, ...failureLines(one), ""],
  );
  return `${[...lines, `${counted(summary.cases, "test")}, ${summary.passed} passed, ${summary.failed} failed`].join("\n")}\n`;
}

/** The report as JUnit XML. */
export function testJunit({ cases }: TestReport): string {
  return junitReport(
    "fairway test",
    cases.map((one) => {
      const { name, file, line, differences } = one;
      const [first] = differences;
      const failure = first && { type: first.field, message: differenceText(first), text: failureLines(one).join("\n") };
      return { classname: file, name, file, line, failure: failure ?? null, output: "" };
    }),
  );
}

function failureLines({ differences, explanation }: CaseReport): readonly string[] {
  const why = explanation === null ? [] : explainText(explanation).trimEnd().split("\n");
  return [
    ...differences.map((difference) => `      ${differenceText(difference)}`),
    ...why.map((line) => `      ${line === "" ? "|" : `| ${line}`}`),
  ];
}

function differenceText({ field, expected, actual }: Difference): string {
  return `${field}: expected ${expected}, got ${actual}`;
}
