import { Command, Option } from "commander";
import { Compiler } from "../control/graph/compiler.ts";
import { STDIN_NAME } from "../control/sources/directory/load-manifests.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { checkGithub } from "./check-github.ts";
import { checkJunit } from "./check-junit.ts";
import type { CheckedFileObject, CheckReport } from "./check-report.ts";
import { checkReport, reportText } from "./check-report.ts";
import { examples } from "./cli.ts";
import { type Load, type ReadObjects, readObjects, toolSettings } from "./compiled-manifests.ts";
import { OPTIONS } from "./run-options.ts";
import { type OperatorFlags, readToolObjects, withOperatorFlags } from "./tool-source.ts";

/** What was found, and in which objects it was looked for. */
export interface Checked {
  readonly report: CheckReport;
  readonly objects: readonly CheckedFileObject[];
}

/** The ways a report can be printed. */
const PRINTERS = {
  text: ({ report }: Checked) => reportText(report),
  json: ({ report }: Checked) => `${JSON.stringify(report, null, 2)}\n`,
  github: ({ report }: Checked) => checkGithub(report, STDIN_NAME),
  junit: ({ report, objects }: Checked) => checkJunit(report, objects),
} as const;

interface CheckOptions extends OperatorFlags {
  readonly output: keyof typeof PRINTERS;
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

/** Exit code for manifests with errors; warnings alone are fine. */
const EXIT_ERRORS = 1;

const HELP = `
Exit codes: 0 no errors (warnings are fine); 1 errors; 2 wrong use.
${examples(
  ["fairway check ./manifests", "every mistake, with file and line"],
  ["fairway check ./manifests --output json", "for programs"],
  ["fairway check ./manifests --output github", "in GitHub Actions: annotations in the pull request"],
  ["fairway check ./manifests --output junit > check.xml", "for GitLab, Jenkins and others: a test for each object"],
  ["kustomize build . | fairway check -", "from a pipe"],
  ["fairway check --cluster", "what the operator makes of the cluster that kubectl would talk to"],
)}`;

/** `fairway check DIR|-`: is this folder of manifests right? */
export function command(): Command {
  return withOperatorFlags(new Command("check"))
    .description(
      "Validates manifests without a cluster, or what a running operator holds: schema, references, conflicts, what proxies refuse.\n" +
        "Exit code 1 when there are errors.",
    )
    .argument("[dir]", "folder of manifests, a single file, or - for the standard input")
    .addOption(new Option("--output <format>", "how problems are printed").choices(Object.keys(PRINTERS)).default("text"))
    .addOption(OPTIONS.classes("check only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .addHelpText("after", HELP)
    .action(run);
}

async function run(path: string | undefined, { output, class: classes, entrypoint, ...flags }: CheckOptions): Promise<void> {
  const checked = checkObjects(await readToolObjects(path, flags), entrypoint, classes);
  process.stdout.write(PRINTERS[output](checked));
  if (checked.report.summary.errors > 0) process.exitCode = EXIT_ERRORS;
}

/** Everything wrong with manifests: in files, in objects, and what the compiler makes of them together. */
export async function check(load: Load, entryPoints: readonly EntryPoint[], classes: readonly string[]): Promise<Checked> {
  return checkObjects(await readObjects(load), entryPoints, classes);
}

/** As `check`, of what has been read. */
function checkObjects(read: ReadObjects, entryPoints: readonly EntryPoint[], classes: readonly string[]): Checked {
  const { store, manifests, folderProblems } = read;
  const compiled = new Compiler(toolSettings(read, entryPoints, classes)).update(store, "all");
  const located = compiled.problems.map((found) => manifests.located(found));
  const report = checkReport([...folderProblems, ...manifests.problems(), ...located], manifests.size);
  return { report, objects: [...manifests.objects()] };
}
