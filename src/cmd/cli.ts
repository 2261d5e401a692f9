import { CommanderError } from "commander";

/** Exit code for wrong use: an unknown option, a folder that is not there, a value that does not parse. */
export const EXIT_WRONG_USE = 2;

/** Ends a command because of how it was called. `reason` is one line, without a full stop; it is printed as `error: reason`. */
export function wrongUse(reason: string): never {
  throw new CommanderError(EXIT_WRONG_USE, "fairway.wrongUse", reason);
}

/** The text for a command's `addHelpText("after", …)`: a line of shell for each example, with what it is for. */
export function examples(...lines: readonly (readonly [command: string, purpose: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, purpose]) => `  $ ${command.padEnd(width)}  # ${purpose}`).join("\n")}`;
}
