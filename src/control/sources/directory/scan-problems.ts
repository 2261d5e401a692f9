import { problem } from "../../../model/problem-codes.ts";
import type { FolderContents } from "./folder-scan.ts";
import { FILES_MAX } from "./folder-scan.ts";
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
      ...problem("TooManyFiles", NO_OBJECT, "", `There are more than ${FILES_MAX} manifests; the rest is not read.`),
      file: "",
      line: 0,
    },
  ];
}
