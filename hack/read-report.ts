/**
 * Reads Vitest's JSON report: `node read-report.ts REPORT FAILURES` prints `passed failed skipped`, and appends to FAILURES a line for
 * every test that failed and for every file that could not be run, with the first lines of why.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { relative } from "node:path";

/** The parts of a report that are read. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

const REASON_LINES = 12;

const [reportFile = "", failuresFile = ""] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;

for (const file of report.testResults) {
  const path = relative(process.cwd(), file.name);
  const failures = file.assertionResults.filter((test) => test.status === "failed");
  for (const test of failures) tell(`${path} > ${test.fullName}`, test.failureMessages.join("\n"));
  if (file.status === "failed" && failures.length === 0) tell(path, file.message);
}
const skipped = report.numPendingTests + report.numTodoTests;
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests} ${skipped}\n`);

function tell(what: string, why: string): void {
  const reason = why.split("\n").slice(0, REASON_LINES);
  appendFileSync(failuresFile, [`FAILED: ${what}`, ...reason.map((line) => `    ${line}`), ""].join("\n"));
}
