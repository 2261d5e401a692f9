import { Command, Option } from "commander";
import type { EntryPoint } from "../model/entry-point.ts";
import { examples, wrongUse } from "./cli.ts";
import { compileObjects, readObjects } from "./compiled-manifests.ts";
import { type DiffReport, type DiffSide, diffReport } from "./diff-report.ts";
import { diffText } from "./diff-text.ts";
import { readManifests } from "./read-manifests.ts";
import { OPTIONS } from "./run-options.ts";

/** The ways a report can be printed. */
const PRINTERS = {
  text: diffText,
  json: (report: DiffReport) => `${JSON.stringify(report, null, 2)}\n`,
} as const;

interface DiffOptions {
  readonly output: keyof typeof PRINTERS;
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

/** Exit code when the two are different, as with diff(1). */
const EXIT_DIFFERENT = 1;

const HELP = `
Both sides are compiled; what is compared is what they do, not how they are written: order, comments and files do not matter.
Traffic that moves is found by example requests, made from the rules that changed and asked of both sides: a sample, not a proof.

Exit codes: 0 the same; 1 different; 2 wrong use.
${examples(
  ["fairway diff main/manifests branch/manifests", "what a branch changes"],
  ["git archive main manifests | tar -x -C /tmp && fairway diff /tmp/manifests manifests", "what I changed since main"],
  ["kustomize build overlays/prod | fairway diff live.yaml -", "against a file, from a pipe"],
  ["fairway diff main branch --output json | jq .traffic", "for programs"],
)}`;

/** `fairway diff A B`: what does a change of manifests do? */
export function command(): Command {
  return new Command("diff")
    .description(
      "Says what a change of manifests does: routes, certificates and problems that come, go or change, traffic that moves.",
    )
    .argument("<before>", "folder of manifests, a single file, or - for the standard input")
    .argument("<after>", "likewise")
    .addOption(new Option("--output <format>", "how differences are printed").choices(Object.keys(PRINTERS)).default("text"))
    .addOption(OPTIONS.classes("only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .addHelpText("after", HELP)
    .action(run);
}

async function run(before: string, after: string, { output, class: classes, entrypoint }: DiffOptions): Promise<void> {
  if (before === "-" && after === "-") wrongUse("the standard input holds one side: name a folder or file for the other");
  const sideOf = async (path: string): Promise<DiffSide> => {
    const read = await readObjects((intake) => readManifests(path, intake));
    return { compiled: compileObjects(read, entrypoint, classes), path };
  };
  const report = diffReport(await sideOf(before), await sideOf(after), entrypoint);
  process.stdout.write(PRINTERS[output](report));
  if (!report.summary.same) process.exitCode = EXIT_DIFFERENT;
}
