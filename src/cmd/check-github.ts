import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { objectKey } from "../model/object-ref.ts";
import { type CheckReport, summaryText } from "./check-report.ts";

/** What GitHub calls each severity. */
const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const;

/**
 * The report as workflow commands of GitHub Actions (docs.github.com, "Workflow commands"): each problem is an annotation at its line
 * of the pull request. Paths are as given on the command line: give them relative to the repository's root.
 */
export function checkGithub(report: CheckReport, stdinName: string): string {
  const lines = report.problems.map((problem) => annotation(problem, stdinName));
  return `${[...lines, summaryText(report)].join("\n")}\n`;
}

function annotation({ severity, code, object, file, line, field, message, hint }: LocatedProblem, stdinName: string): string {
  const title = [code, object.kind === "" ? "" : objectKey(object)].filter((part) => part !== "").join(" ");
  const place = file === "" || file === stdinName ? [] : [`file=${property(file)}`, `line=${line}`];
  const said = `${field === "" ? "" : `${field}: `}${message}${hint === "" ? "" : ` (${hint})`}`;
  return `::${COMMANDS[severity]} ${[...place, `title=${property(title)}`].join(",")}::${data(said)}`;
}

/** Escapes what would end a command. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Escapes what would end a property, too. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
