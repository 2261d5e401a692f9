import { Command, Option } from "commander";
import type { EntryPoint } from "../model/entry-point.ts";
import { EXIT_WRONG_USE, examples, wrongUse } from "./cli.ts";
import { compileObjects } from "./compiled-manifests.ts";
import { Explainer } from "./explainer.ts";
import { noteErrors } from "./note-errors.ts";
import { readWhole } from "./read-manifests.ts";
import { OPTIONS } from "./run-options.ts";
import { type CaseError, readTestCases } from "./test-cases.ts";
import { runTests, type TestReport, testJunit, testText } from "./test-report.ts";
import { namesOperator, type OperatorFlags, readToolObjects, withOperatorFlags } from "./tool-source.ts";

/** The ways a report can be printed. */
const PRINTERS = {
  text: testText,
  json: (report: TestReport) => `${JSON.stringify(report, null, 2)}\n`,
  junit: testJunit,
} as const;

interface TestOptions extends OperatorFlags {
  readonly output: keyof typeof PRINTERS;
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

/** Exit code when a request goes elsewhere. */
const EXIT_DIFFERENT = 1;

/** Errors of a file of cases that are told. */
const ERRORS_MAX = 20;

const HELP = `
CASES is a list, in YAML or JSON:

  - name: writes are marked              # optional
    request:
      url: http://shop.localhost/api/x   # all that is required
      method: POST
      headers: { X-Canary: always }
      clientIP: 192.0.2.7
      entryPoint: web                    # else by scheme, then port of the URL
    expect:                              # one of these or more
      object: demo/shop                  # whose rule wins; or IngressRoute/demo/shop
      service: demo/api                  # or demo/api:80, or a list: all it may go to
      status: 404                        # answered without a service, by the proxy or a middleware
      path: /x                           # that the service gets
      headers: { X-Demo: fairway }       # that the service gets, or an answer has; null: not there

A service without endpoints passes: endpoints are the cluster's, a repository seldom holds them.

Exit codes: 0 every request goes where it should; 1 one does not; 2 wrong use, or a file of cases that is wrong.
${examples(
  ["fairway test config/samples/demo config/samples/demo-tests.yaml", "the tests of the samples"],
  ["fairway test ./manifests tests.yaml --output junit > routes.xml", "for GitLab, Jenkins and others"],
  ["kustomize build . | fairway test - tests.yaml", "manifests from a pipe"],
  ["fairway test --cluster tests.yaml", "against what an operator serves now"],
)}`;

/** `fairway test DIR CASES`: does every request go where it should? */
export function command(): Command {
  return withOperatorFlags(new Command("test"))
    .description("Route tests: holds manifests against a file of requests and where each must go; says what differs, and why.")
    .argument("[dir]", "folder of manifests, a single file, or - for the standard input; left out for a running operator")
    .argument("[cases]", "file of cases, or - for the standard input")
    .addOption(new Option("--output <format>", "how results are printed").choices(Object.keys(PRINTERS)).default("text"))
    .addOption(OPTIONS.classes("only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .addHelpText("after", HELP)
    .action(run);
}

async function run(first: string | undefined, second: string | undefined, options: TestOptions): Promise<void> {
  const { output, class: classes, entrypoint, ...flags } = options;
  const [path, casesPath] = namesOperator(flags) && second === undefined ? [undefined, first] : [first, second];
  if (casesPath === undefined) return wrongUse("give a file of cases");
  if (path === "-" && casesPath === "-") wrongUse("the standard input holds either the manifests or the cases");
  const cases = readTestCases(await readWhole(casesPath));
  if (!cases.ok) return tellErrors(cases.error, casesPath);
  const read = await readToolObjects(path, flags);
  const compiled = compileObjects(read, entrypoint, classes);
  noteErrors(compiled.problems, read.name);
  const report = runTests(cases.value, new Explainer(compiled.graph, compiled.entryPoints, null), casesPath);
  if (!report.ok) return tellErrors(report.error, casesPath);
  process.stdout.write(PRINTERS[output](report.value));
  if (report.value.summary.failed > 0) process.exitCode = EXIT_DIFFERENT;
}

/** As compilers do, each with its line. */
function tellErrors(errors: readonly CaseError[], path: string): void {
  const file = path === "-" ? "<stdin>" : path;
  const lines = errors.slice(0, ERRORS_MAX).map(({ line, message }) => `${file}:${line}: error: ${message}\n`);
  const rest = errors.length > ERRORS_MAX ? `and ${errors.length - ERRORS_MAX} more\n` : "";
  process.stderr.write(lines.join("") + rest);
  process.exitCode = EXIT_WRONG_USE;
}
