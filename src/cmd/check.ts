import { Command, Option } from "commander";
import { Compiler } from "../control/graph/compiler.ts";
import type { LoadedManifests } from "../control/sources/directory/load-manifests.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { CheckReport } from "./check-report.ts";
import { checkReport, reportText } from "./check-report.ts";
import { examples } from "./cli.ts";
import { manifestSettings } from "./manifest-settings.ts";
import { readManifests } from "./read-manifests.ts";
import { OPTIONS } from "./run-options.ts";

interface CheckOptions {
  readonly output: "text" | "json";
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

/** Exit code for manifests with errors; warnings alone are fine. */
const EXIT_ERRORS = 1;

const HELP = examples(
  ["fairway check ./manifests", "every mistake, with file and line"],
  ["fairway check ./manifests --output json", "for programs"],
  ["kustomize build . | fairway check -", "from a pipe"],
);

/** `fairway check DIR|-`: is this folder of manifests right? */
export function command(): Command {
  return new Command("check")
    .description("Validates manifests without a cluster: schema, references, conflicts. Exit code 1 when there are errors.")
    .argument("<dir>", "folder of manifests, a single file, or - for the standard input")
    .addOption(new Option("--output <format>", "how problems are printed").choices(["text", "json"]).default("text"))
    .addOption(OPTIONS.classes("check only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .addHelpText("after", HELP)
    .action(run);
}

async function run(path: string, { output, class: classes, entrypoint }: CheckOptions): Promise<void> {
  const report = await check((intake) => readManifests(path, intake), entrypoint, classes);
  process.stdout.write(output === "json" ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  if (report.summary.errors > 0) process.exitCode = EXIT_ERRORS;
}

/** Everything wrong with manifests: in files, in objects, and what the compiler makes of them together. */
export async function check(
  load: (intake: Intake) => Promise<LoadedManifests>,
  entryPoints: readonly EntryPoint[],
  classes: readonly string[],
): Promise<CheckReport> {
  const store = new ObjectStore();
  const { manifests, folderProblems } = await load(new Intake(store, new KindCatalog()));
  const compiled = new Compiler(manifestSettings(entryPoints, classes)).update(store, "all");
  const located = compiled.problems.map((found) => manifests.located(found));
  return checkReport([...folderProblems, ...manifests.problems(), ...located], manifests.size);
}
