import { LineCounter, parseAllDocuments } from "yaml";
import type { Result } from "../../../kernel/result.ts";
import { fail, ok } from "../../../kernel/result.ts";
import { readQuickly } from "./quick-yaml.ts";

/** How deep a document may nest: far more than any kind needs, far less than a stack can bear. */
export const NESTING_MAX = 64;

/** A stretch of a file that parses on its own: nearly always one document. */
export interface Piece {
  readonly text: string;
  /** Lines of the file before it. */
  readonly linesBefore: number;
}

/** One document of a file, or one item of a `kind: List`. */
export interface ManifestDocument {
  readonly value: unknown;
  /** Line its text begins on, from 1. The item of a list has the line of the list. */
  readonly line: number;
  /** Where it came from, for those who look for the line of a field. */
  readonly place: DocumentPlace;
}

export interface DocumentPlace {
  readonly piece: number;
  /** Position among the documents of the piece. */
  readonly document: number;
  /** Position in a list's `items`; null for what is no list. */
  readonly item: number | null;
}

/** Why a file does not parse, and where. */
export interface ParseError {
  readonly line: number;
  readonly message: string;
}

/** How YAML is read, everywhere: version 1.2, merge keys as kubectl reads them, a bounded number of alias uses. */
export const YAML_OPTIONS = { merge: true, prettyErrors: false, logLevel: "silent" } as const;

/** Cuts a file at its document marks. Not a byte is lost, so that lines can be counted. */
export function splitDocuments(text: string): readonly Piece[] {
  const marks = /^(?:%|\.\.\.)/m.test(text) ? [] : [...text.matchAll(/^---(?=\s|$)/gm)].map((match) => match.index);
  const starts = marks[0] === 0 ? marks : [0, ...marks];
  let linesBefore = 0;
  return starts.map((start, index) => {
    const piece = { text: text.slice(start, starts[index + 1]), linesBefore };
    linesBefore += countLines(piece.text);
    return piece;
  });
}

/** The documents of one piece, lists expanded; empty documents are left out. Errors: the first thing that does not parse. */
export function parsePiece(piece: Piece, index: number): Result<readonly ManifestDocument[], ParseError> {
  try {
    return parse(piece, index);
  } catch (reason) {
    // The parser recurses, and counts the uses of aliases: both end in an exception.
    if (reason instanceof RangeError) return fail({ line: piece.linesBefore + 1, message: "it is nested too deeply" });
    if (reason instanceof ReferenceError) return fail({ line: piece.linesBefore + 1, message: reason.message.toLowerCase() });
    throw reason;
  }
}

function parse(piece: Piece, index: number): Result<readonly ManifestDocument[], ParseError> {
  const leading = leadingLines(piece.text);
  if (leading === null) return ok([]);
  const line = piece.linesBefore + 1 + leading;
  const quick = readQuickly(piece.text, NESTING_MAX);
  if (quick !== undefined) return ok(expand(quick.value, line, { piece: index, document: 0, item: null }));
  const lineCounter = new LineCounter();
  const documents: ManifestDocument[] = [];
  for (const [position, document] of [...parseAllDocuments(piece.text, { ...YAML_OPTIONS, lineCounter })].entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      const message = error.code === "RESOURCE_EXHAUSTION" ? "it is nested too deeply" : lowerFirst(error.message);
      // What is missing is found missing at the end: the last line that says something is where to look.
      const lastLine = countLines(piece.text.trimEnd()) + 1;
      return fail({ line: piece.linesBefore + Math.min(lineCounter.linePos(error.pos[0]).line, lastLine), message });
    }
    const offset = document.contents?.range?.[0];
    const at = offset === undefined ? line : piece.linesBefore + lineCounter.linePos(offset).line;
    documents.push(...expand(document.toJS(), at, { piece: index, document: position, item: null }));
  }
  return ok(documents);
}

/** Throws a RangeError when the value is nested deeper than `depthMax`. */
function boundDepth(value: unknown, depthMax: number): void {
  if (value === null || typeof value !== "object") return;
  if (depthMax === 0) throw new RangeError("nested too deeply");
  for (const member of Object.values(value)) boundDepth(member, depthMax - 1);
}

function expand(value: unknown, line: number, place: DocumentPlace): readonly ManifestDocument[] {
  if (value === null || value === undefined) return [];
  boundDepth(value, NESTING_MAX);
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ value, line, place }];
  return items.map((item: unknown, index) => ({ value: item, line, place: { ...place, item: index } }));
}

/** Lines before the first that says something; null when there is none. */
function leadingLines(text: string): number | null {
  const says = /^(?!---[ \t\r]*$|---[ \t]+#)[ \t]*[^\s#]/m.exec(text);
  return says === null ? null : countLines(text.slice(0, says.index));
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
