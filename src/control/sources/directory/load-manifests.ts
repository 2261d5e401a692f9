import { statSync } from "node:fs";
import { TimeSlice } from "../../../kernel/time-slice.ts";
import type { Intake } from "../../validate/intake.ts";
import { plainPath, scanFolder } from "./folder-scan.ts";
import type { FileReading } from "./manifest-file.ts";
import { parseText, readManifestFile } from "./manifest-file.ts";
import type { LocatedProblem } from "./manifest-set.ts";
import { ManifestSet } from "./manifest-set.ts";
import { folderProblems } from "./scan-problems.ts";

/** Manifests that were read once. */
export interface LoadedManifests {
  readonly manifests: ManifestSet;
  /** What is wrong with folders; the rest is in `manifests.problems()`. */
  readonly folderProblems: readonly LocatedProblem[];
}

/** What messages call the standard input. */
export const STDIN_NAME = "<stdin>";

/** Whoever loads once has its thread to itself. */
const SLICE_MS = 1_000;

/** Reads a folder of manifests, or a single one, once. Throws what `statSync` throws when there is no such folder. */
export async function loadManifests(path: string, intake: Intake): Promise<LoadedManifests> {
  const slice = new TimeSlice(SLICE_MS);
  const isFolder = statSync(path).isDirectory();
  const contents = isFolder ? await scanFolder(plainPath(path), slice, () => {}) : undefined;
  const readings = new Map<string, FileReading>();
  for (const file of contents?.files.keys() ?? [path]) readings.set(file, await readManifestFile(file, slice));
  const manifests = new ManifestSet(intake);
  await manifests.take(readings, slice);
  return { manifests, folderProblems: contents === undefined ? [] : folderProblems(contents) };
}

/** Reads manifests from a text, as from the standard input. */
export async function loadText(text: string, intake: Intake): Promise<LoadedManifests> {
  const slice = new TimeSlice(SLICE_MS);
  const manifests = new ManifestSet(intake, () => text);
  await manifests.take(new Map([[STDIN_NAME, await parseText(text, slice)]]), slice);
  return { manifests, folderProblems: [] };
}
