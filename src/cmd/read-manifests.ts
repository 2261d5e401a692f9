import { accessSync, constants, createReadStream, statSync } from "node:fs";
import { type LoadedManifests, loadManifests, loadText } from "../control/sources/directory/load-manifests.ts";
import { FILE_BYTES_MAX } from "../control/sources/directory/manifest-file.ts";
import type { Intake } from "../control/validate/intake.ts";
import { wrongUse } from "./cli.ts";

/** Reads what a command was given as manifests: a folder, a single file, or `-` for the standard input. Ends it when there is none. */
export async function readManifests(path: string, intake: Intake): Promise<LoadedManifests> {
  if (path === "-") return loadText(await wholeText(process.stdin), intake);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return wrongUse(`there is no file or folder ${path}`);
  return loadManifests(path, intake);
}

/** Opens what a command reads line by line: a file (a pipe, too), or `-` for the standard input. Ends the command when it cannot be read. */
export function openInput(path: string): AsyncIterable<Buffer> {
  if (path === "-") return process.stdin;
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) wrongUse(`${path} is a folder`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    wrongUse(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  return createReadStream(path);
}

/** All of a file, or of the standard input, as text. Ends the command when it cannot be read, or is larger than a manifest may be. */
export async function readWhole(path: string): Promise<string> {
  const text = await wholeText(openInput(path));
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) wrongUse(`${path} is larger than ${FILE_BYTES_MAX / 1024 ** 2} MiB`);
  return text.replace(/^\uFEFF/, "");
}

/** All of a stream; just past the limit where it is longer, which whoever asked will notice. */
async function wholeText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > FILE_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
