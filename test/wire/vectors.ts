import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One wire vector: a heading, an `http` block (bytes in), an `events` block (what the parser must make of them). */
export interface Vector {
  readonly title: string;
  /** `folder/file.md:line` of the heading. */
  readonly where: string;
  readonly bytes: Buffer;
  readonly events: readonly string[];
}

/**
 * Reads all vectors of a folder of Markdown files beside this one.
 *
 * In an `http` block every line ends with CRLF, the last one too. Escapes: `\r \n \t \0 \xHH \\`; a line ending in `\` gets no CRLF.
 */
export function readVectors(folder: string): readonly Vector[] {
  const directory = join(import.meta.dirname, folder);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".md"))
    .sort()
    .flatMap((name) => parseVectors(`${folder}/${name}`, readFileSync(join(directory, name), "utf8")));
}

function parseVectors(file: string, text: string): readonly Vector[] {
  const vectors: Vector[] = [];
  const lines = text.split("\n");
  let title = "";
  let where = "";
  let http: string[] | null = null;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line.startsWith("## ")) {
      title = line.slice(3);
      where = `${file}:${i + 1}`;
    } else if (line.startsWith("```") && line !== "```") {
      const close = lines.indexOf("```", i + 1);
      const block = lines.slice(i + 1, close);
      if (line === "```http") http = block;
      if (line === "```events") {
        if (http === null) throw new Error(`${where}: an events block without an http block`);
        vectors.push({ title, where, bytes: unescapeBlock(http), events: block });
        http = null;
      }
      i = close;
    }
  }
  return vectors;
}

const ESCAPES: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };

function unescapeBlock(lines: readonly string[]): Buffer {
  const text = lines.map((line) => (/(^|[^\\])\\$/.test(line) ? line.slice(0, -1) : `${line}\r\n`)).join("");
  const raw = text.replace(/\\(x([0-9a-fA-F]{2})|[rnt0\\])/g, (_, short: string, hex: string | undefined) =>
    hex === undefined ? (ESCAPES[short] as string) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(raw, "latin1");
}
