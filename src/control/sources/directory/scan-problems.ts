import { problem } from "../../../model/problem-codes.ts";
import type { FolderContents } from "./folder-scan.ts";
import { SCAN_LIMITS } from "./folder-scan.ts";
import type { LocatedProblem } from "./manifest-set.ts";
import { NO_OBJECT } from "./manifest-set.ts";

/** What is wrong with the folders themselves. */
export function folderProblems({ unreadable, truncated }: FolderContents): readonly LocatedProblem[] {
  const found = [...unreadable].map(([file, code]) => {
    return { ...problem("FileUnreadable", NO_OBJECT, "", `The folder cannot be read: ${code}.`), file, line: 1 };
  });
  if (!truncated) return found;
  return [
    ...found,
    {
      ...problem(
        "TooManyFiles",
        NO_OBJECT,
        "",
        `More than ${SCAN_LIMITS.files} manifests or ${SCAN_LIMITS.folders} folders, or folders nested deeper than ${SCAN_LIMITS.depth}: the rest is not read.`,
      ),
      file: "",
      line: 0,
    },
  ];
}
