import { readSections, unescapeBlock } from "../wire/vectors.ts";

/** Bytes worth trying again, from `corpus/*.md`: what a fuzzer once failed on, and what servers are known to read differently. */
export interface Kept {
  readonly title: string;
  readonly where: string;
  readonly bytes: Buffer;
}

/** What is kept of requests, or of responses: the `http` blocks of one file. Escapes are those of `test/wire`. */
export function readCorpus(which: "requests" | "responses"): readonly Kept[] {
  return readSections("../fuzz/corpus")
    .filter(({ where }) => where.includes(`/${which}.md`))
    .flatMap(({ title, where, blocks }) => blocks.map(({ lines }) => ({ title, where, bytes: unescapeBlock(lines) })));
}

/** Bytes as a section that can be put into the corpus as it is. */
export function corpusSection(title: string, bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  const lines = text.split("\r\n").map(escaped);
  const last = lines.pop() as string;
  return ["", `## ${title}`, "", "```http", ...lines, ...(last === "" ? [] : [`${last}\\`]), "```", ""].join("\n");
}

function escaped(line: string): string {
  return line.replace(/[^ -~]|\\|^`/g, (char) => {
    const short = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\" }[char];
    return short ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
