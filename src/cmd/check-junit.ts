import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { objectKey } from "../model/object-ref.ts";
import { type CheckedFileObject, type CheckReport, problemText } from "./check-report.ts";
import { type JunitCase, junitReport } from "./junit.ts";

/** What a case is called that stands for a file as a whole. */
const FILE_CASE = "file";

/** The report as JUnit XML: a test for each object, and one for each file or folder with problems of its own. Errors alone fail a test. */
export function checkJunit({ problems }: CheckReport, objects: readonly CheckedFileObject[]): string {
  const cases = new Map(objects.map(({ object, file, line }) => [objectKey(object), newCase(file, line, objectKey(object))]));
  for (const problem of problems) {
    const key = problem.object.kind === "" ? `${FILE_CASE} ${problem.file}` : objectKey(problem.object);
    const found = cases.get(key) ?? newCase(problem.file, problem.line, problem.object.kind === "" ? FILE_CASE : key);
    found.problems.push(problem);
    cases.set(key, found);
  }
  return junitReport("fairway check", [...cases.values()].sort(inOrder).map(junitCase));
}

interface ObjectCase {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly problems: LocatedProblem[];
}

function newCase(file: string, line: number, name: string): ObjectCase {
  return { file, line, name, problems: [] };
}

function junitCase({ file, line, name, problems }: ObjectCase): JunitCase {
  const errors = problems.filter(({ severity }) => severity === "error");
  const rest = problems.filter(({ severity }) => severity !== "error");
  const [first] = errors;
  const failure = first && { type: first.code, message: first.message, text: errors.map(problemText).join("\n") };
  return { classname: file, name, file, line, failure: failure ?? null, output: rest.map(problemText).join("\n") };
}

function inOrder(a: ObjectCase, b: ObjectCase): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
