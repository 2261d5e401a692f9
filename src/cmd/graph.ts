import { Command, Option } from "commander";
import type { EntryPoint } from "../model/entry-point.ts";
import { examples } from "./cli.ts";
import { compileObjects } from "./compiled-manifests.ts";
import { dotText } from "./graph-dot.ts";
import { drawGraph } from "./graph-drawing.ts";
import { mermaidText } from "./graph-mermaid.ts";
import { type GraphReport, graphReport } from "./graph-report.ts";
import { noteErrors } from "./note-errors.ts";
import { OPTIONS } from "./run-options.ts";
import { type OperatorFlags, readToolObjects, withOperatorFlags } from "./tool-source.ts";

/** The ways a graph can be printed. */
const PRINTERS = {
  json: (report: GraphReport) => `${JSON.stringify(report, null, 2)}\n`,
  dot: (report: GraphReport) => dotText(drawGraph(report)),
  mermaid: (report: GraphReport) => mermaidText(drawGraph(report)),
} as const;

interface GraphOptions extends OperatorFlags {
  readonly output: keyof typeof PRINTERS;
  readonly class: readonly string[];
  readonly entrypoint: readonly EntryPoint[];
}

const HELP = `
The same manifests give the same bytes. What is wrong with them is for \`fairway check\` to tell; here it is counted on stderr.

Exit codes: 0 printed; 2 wrong use.
${examples(
  ["fairway graph config/samples/demo", "the compiled graph, for programs"],
  ["fairway graph config/samples/demo --output dot | dot -Tsvg > graph.svg", "a picture, by Graphviz"],
  ["fairway graph config/samples/demo --output mermaid", "for a Markdown file: GitHub and GitLab draw it"],
  ["kustomize build . | fairway graph - --class public", "what one ingress class comes to, from a pipe"],
  ["fairway graph --cluster --class public", "what the operator serves that kubectl would find"],
)}`;

/** `fairway graph DIR|-`: what manifests are compiled to. */
export function command(): Command {
  return withOperatorFlags(new Command("graph"))
    .description("Prints the compiled routing graph: entry points, routers in their order, middlewares, services, servers.")
    .argument("[dir]", "folder of manifests, a single file, or - for the standard input")
    .addOption(new Option("--output <format>", "how it is printed").choices(Object.keys(PRINTERS)).default("json"))
    .addOption(OPTIONS.classes("only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.entryPoint())
    .addHelpText("after", HELP)
    .action(run);
}

async function run(path: string | undefined, { output, class: classes, entrypoint, ...flags }: GraphOptions): Promise<void> {
  const read = await readToolObjects(path, flags);
  const { graph, problems } = compileObjects(read, entrypoint, classes);
  process.stdout.write(PRINTERS[output](graphReport(graph)));
  noteErrors(problems, read.name);
}
