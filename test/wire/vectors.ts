import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../src/proxy/pipeline/reasons.ts";
import { replyOfStatus } from "../../src/proxy/pipeline/reply.ts";

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

/** A whole exchange through the proxy: who sends what, and who gets what, in plain form (see `plain-form.ts`). */
export interface ExchangeVector {
  readonly title: string;
  readonly where: string;
  /** What the client sends. */
  readonly client: Buffer;
  /** What the server must get; "" when no server is asked. */
  readonly server: string;
  /** The server may get some of the request, but nothing that looks whole. */
  readonly isPart: boolean;
  /** What the server says; it says it when it has everything, or (`isEarly`) a head. */
  readonly answer: Buffer;
  readonly isEarly: boolean;
  /** What the server does then. */
  readonly answerEnd: "" | "close" | "reset";
  /** Replays run one after the other: what the server says too much could meet another's request. */
  readonly runsAlone: boolean;
  /** What the client must get; nothing that looks whole when its connection is reset. */
  readonly outcome: string;
  /** What becomes of the client's connection. */
  readonly ends: "open" | "closed" | "reset";
  /** Methods of the requests, in order. */
  readonly methods: readonly string[];
}

/**
 * Reads all exchange vectors of a folder. Blocks: `client`, `server` (with `part` after the word), `answer` (with `early`, `alone`, `close` or `reset`) and
 * `outcome` (with `closed` or `reset` after the word, and before that the status when it is an answer of the proxy's own), in this order;
 * those of the middle may be missing.
 */
export function readExchanges(folder: string): readonly ExchangeVector[] {
  return readSections(folder).map(({ title, where, blocks }) => {
    const block = (name: string) => blocks.find(({ words }) => words[0] === name);
    const bytes = (name: string) => unescapeBlock(block(name)?.lines ?? []);
    const [answer, outcome] = [block("answer"), block("outcome")];
    if (block("client") === undefined || outcome === undefined) throw new Error(`${where}: no client block, or no outcome block`);
    const client = bytes("client");
    const ends = outcome.words.find((word) => word === "closed" || word === "reset") ?? "open";
    const own = outcome.words.find((word) => /^\d{3}$/.test(word));
    const methods = [...client.toString("latin1").matchAll(/(?:^|\n|\w)([A-Z]{3,}) \S+ HTTP\/1\.[01]\r/g)].map(
      ([, method = ""]) => method,
    );
    return {
      title,
      where,
      client,
      server: bytes("server").toString("latin1"),
      isPart: block("server")?.words.includes("part") ?? false,
      answer: bytes("answer"),
      runsAlone: answer?.words.includes("alone") ?? false,
      isEarly: answer?.words.includes("early") ?? false,
      answerEnd: answer?.words.find((word) => word === "close" || word === "reset") ?? "",
      outcome: own === undefined ? bytes("outcome").toString("latin1") : ownAnswer(Number(own), ends),
      ends,
      methods,
    };
  });
}

/** How the proxy answers itself. */
export function ownAnswer(status: number, ends: ExchangeVector["ends"]): string {
  const { headers, body } = replyOfStatus(status);
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const connection = ends === "closed" ? "Connection: close\r\n" : "";
  return `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${fields}Content-Length: ${body.length}\r\n${connection}\r\n${body}`;
}

/** A heading of the second level, with the fenced blocks under it. */
export interface Section {
  readonly title: string;
  readonly where: string;
  readonly blocks: { readonly words: readonly string[]; readonly lines: readonly string[] }[];
}

/** Headings of the second level with their blocks, in all files of a folder. */
export function readSections(folder: string): readonly Section[] {
  const directory = join(import.meta.dirname, folder);
  const names = readdirSync(directory).filter((name) => name.endsWith(".md"));
  return names.sort().flatMap((name) => {
    const sections: Section[] = [];
    const lines = readFileSync(join(directory, name), "utf8").split("\n");
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string;
      if (line.startsWith("## ")) sections.push({ title: line.slice(3), where: `${folder}/${name}:${i + 1}`, blocks: [] });
      if (!line.startsWith("```")) continue;
      const close = lines.indexOf("```", i + 1);
      sections.at(-1)?.blocks.push({ words: line.slice(3).split(" "), lines: lines.slice(i + 1, close) });
      i = close;
    }
    return sections;
  });
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

/** The bytes that the lines of a block stand for (see `readVectors`). */
export function unescapeBlock(lines: readonly string[]): Buffer {
  const text = lines.map((line) => (/(^|[^\\])\\$/.test(line) ? line.slice(0, -1) : `${line}\r\n`)).join("");
  const raw = text.replace(/\\(x([0-9a-fA-F]{2})|[rnt0\\])/g, (_, short: string, hex: string | undefined) =>
    hex === undefined ? (ESCAPES[short] as string) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(raw, "latin1");
}
