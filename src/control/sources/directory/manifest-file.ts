import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { TimeSlice } from "../../../kernel/time-slice.ts";
import type { ProblemCode } from "../../../model/problem-codes.ts";
import type { ManifestDocument } from "./parse-documents.ts";
import { parsePiece, splitDocuments } from "./parse-documents.ts";

/** Largest manifest that is read, in bytes. */
export const FILE_BYTES_MAX = 10 * 1024 * 1024;

/** What a file holds right now. */
export type FileReading =
  | { readonly state: "gone" }
  | {
      readonly state: "refused";
      readonly stamp: FileStamp;
      readonly code: ProblemCode;
      readonly line: number;
      readonly message: string;
    }
  | { readonly state: "read"; readonly stamp: FileStamp; readonly documents: readonly ManifestDocument[] };

/** Tells versions of a file apart without reading it. */
export interface FileStamp {
  /** Differs when another file has taken its place, as an atomic replacement does. */
  readonly inode: number;
  readonly bytes: number;
  /** Equal stamps: nobody has written to the file in between. */
  readonly text: string;
}

export function stampOf(stat: { ino: number; size: number; mtimeMs: number; ctimeMs: number }): FileStamp {
  return { inode: stat.ino, bytes: stat.size, text: `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` };
}

const NO_STAMP: FileStamp = { inode: 0, bytes: 0, text: "" };

/** Reads and parses one file. Never throws for anything the file or the file system does. */
export async function readManifestFile(path: string, slice: TimeSlice): Promise<FileReading> {
  const opened = openAndRead(path);
  if ("state" in opened) return opened;
  const { stamp, bytes } = opened;
  if (!isUtf8(bytes))
    return { state: "refused", stamp, code: "InvalidYAML", line: 1, message: "The file does not parse: it is not UTF-8." };
  return parseManifest(bytes.toString("utf8"), stamp, slice);
}

/** Parses the text of one file. All of it counts, or nothing. */
async function parseManifest(text: string, stamp: FileStamp, slice: TimeSlice): Promise<FileReading> {
  const documents: ManifestDocument[] = [];
  for (const [index, piece] of splitDocuments(text.replace(/^\uFEFF/, "")).entries()) {
    const parsed = parsePiece(piece, index);
    if (!parsed.ok) {
      const { line, message } = parsed.error;
      return { state: "refused", stamp, code: "InvalidYAML", line, message: `The file does not parse: ${message}.` };
    }
    documents.push(...parsed.value);
    if (slice.isOver) await slice.breathe();
  }
  return { state: "read", stamp, documents };
}

/** The reading of a text that comes from nowhere on disk. */
export async function parseText(text: string, slice: TimeSlice): Promise<FileReading> {
  const stamp = { ...NO_STAMP, bytes: Buffer.byteLength(text) };
  return stamp.bytes > FILE_BYTES_MAX ? tooLarge(stamp) : parseManifest(text, stamp, slice);
}

function tooLarge(stamp: FileStamp): FileReading {
  return { state: "refused", stamp, code: "FileTooLarge", line: 1, message: "The file is larger than 10 MiB." };
}

function openAndRead(path: string): FileReading | { readonly stamp: FileStamp; readonly bytes: Buffer } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const stat = fstatSync(descriptor);
    const stamp = stampOf(stat);
    if (!stat.isFile()) return { state: "gone" };
    return stat.size > FILE_BYTES_MAX ? tooLarge(stamp) : { stamp, bytes: readFileSync(descriptor) };
  } catch (reason) {
    const { code, message } = reason as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "gone" };
    return {
      state: "refused",
      stamp: NO_STAMP,
      code: "FileUnreadable",
      line: 1,
      message: `The file cannot be read: ${code ?? message}.`,
    };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
