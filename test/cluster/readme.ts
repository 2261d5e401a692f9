import { readFileSync } from "node:fs";

/** A command in a text, and what the text says it prints. */
export interface ToldCommand {
  readonly command: string;
  /** Lines; `…` stands for any lines, or at the end of a line for the rest of it. */
  readonly output: readonly string[];
}

/** The commands in the `console` blocks of a section of a Markdown file, in order. */
export function toldCommands(path: string, heading: string): readonly ToldCommand[] {
  const text = readFileSync(path, "utf8");
  const start = text.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`${path} has no section "${heading}"`);
  const end = text.indexOf("\n## ", start + 1);
  const blocks = text.slice(start, end < 0 ? undefined : end).matchAll(/^```console\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, block = ""]) => commandsOf(block.trimEnd().split("\n")));
}

function commandsOf(lines: readonly string[]): readonly ToldCommand[] {
  const commands: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith("$ ")) commands.push({ command: line.slice(2), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands;
}

/** Matches what a command must print for the text to be true; blanks count as one. */
export function outputPattern(output: readonly string[]): RegExp {
  const lines = output.map((line) => {
    if (line === "…") return "(?:.*\\n)*";
    const isCut = line.endsWith("…");
    return ` *${RegExp.escape(line.replace(/…$/, "").trim()).replace(/(?:\\x20| )+/g, " +")}${isCut ? ".*" : " *"}\\n`;
  });
  return new RegExp(`^${lines.join("")}$`);
}
