import { Command, Option } from "commander";
import { systemClock } from "../kernel/clock.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { appliedObjects, comparable } from "./applied-objects.ts";
import { examples, wrongUse } from "./cli.ts";
import { compileObjects } from "./compiled-manifests.ts";
import { type DiffReport, type DiffSide, diffReport } from "./diff-report.ts";
import { diffText } from "./diff-text.ts";
import { OPTIONS } from "./run-options.ts";
import { namesOperator, type OperatorFlags, readPath, readRunning, type ToolObjects, withOperatorFlags } from "./tool-source.ts";

/** The ways a report can be printed. */
const PRINTERS = {
  text: diffText,
  json: (report: DiffReport) => `${JSON.stringify(report, null, 2)}\n`,
} as const;

interface DiffOptions extends OperatorFlags {
  readonly prune: boolean;
  readonly output: keyof typeof PRINTERS;
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

/** Exit code when the two are different, as with diff(1). */
const EXIT_DIFFERENT = 1;

const HELP = `
Both sides are compiled; what is compared is what they do, not how they are written: order, comments and files do not matter.
Traffic that moves is found by example requests, made from the rules that changed and asked of both sides: a sample, not a proof.

With a running operator the question is what applying the manifests would do: objects of the same kind, namespace and name are replaced,
new ones come in, all others stay, as with kubectl apply.

Exit codes: 0 the same; 1 different; 2 wrong use.
${examples(
  ["fairway diff main/manifests branch/manifests", "what a branch changes"],
  ["git archive main manifests | tar -x -C /tmp && fairway diff /tmp/manifests manifests", "what I changed since main"],
  ["kustomize build overlays/prod | fairway diff live.yaml -", "against a file, from a pipe"],
  ["fairway diff main branch --output json | jq .traffic", "for programs"],
  ["fairway diff manifests --cluster", "what kubectl apply -f manifests would do"],
)}`;

/** `fairway diff A B`: what does a change of manifests do? */
export function command(): Command {
  return withOperatorFlags(new Command("diff"))
    .description(
      "Says what a change of manifests does: routes, certificates and problems that come, go or change, traffic that moves.",
    )
    .argument(
      "[before]",
      "folder of manifests, a single file, or - for the standard input; with a running operator: what is to be applied",
    )
    .argument("[after]", "likewise; none with a running operator")
    .addOption(new Option("--output <format>", "how differences are printed").choices(Object.keys(PRINTERS)).default("text"))
    .addOption(OPTIONS.classes("only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .option(
      "--prune",
      "with a running operator: routes and the like that the manifests lack are gone, in the namespaces they are about",
      false,
    )
    .addHelpText("after", HELP)
    .action(run);
}

async function run(first: string | undefined, second: string | undefined, options: DiffOptions): Promise<void> {
  const { output, class: classes, entrypoint } = options;
  const [before, after] = namesOperator(options) ? await againstRunning(first, second, options) : await twoPaths(first, second);
  const sideOf = (read: ToolObjects): DiffSide => ({ compiled: compileObjects(read, entrypoint, classes), path: read.path });
  const report = diffReport(sideOf(before), sideOf(after));
  process.stdout.write(PRINTERS[output](report));
  if (!report.summary.same) process.exitCode = EXIT_DIFFERENT;
}

type Sides = readonly [before: ToolObjects, after: ToolObjects];

async function twoPaths(before: string | undefined, after: string | undefined): Promise<Sides> {
  if (before === undefined || after === undefined) {
    return wrongUse("give two folders or files, or one and a running operator (--operator, --cluster)");
  }
  if (before === "-" && after === "-") wrongUse("the standard input holds one side: name a folder or file for the other");
  return [await readPath(before), await readPath(after)];
}

/** What runs, and what would if the manifests were applied to it. */
async function againstRunning(path: string | undefined, second: string | undefined, options: DiffOptions): Promise<Sides> {
  if (path === undefined || second !== undefined)
    wrongUse("with a running operator, give one folder or file: what is to be applied");
  const applied = await readPath(path as string);
  const running = await readRunning(options);
  // Objects in a folder have no age, neither before nor after.
  const nowMs = running.path === "" ? systemClock.now() : null;
  const known = { ...running, ...comparable(running, running.path) };
  return [known, { ...applied, ...appliedObjects(known, applied, { prune: options.prune, nowMs }) }];
}
