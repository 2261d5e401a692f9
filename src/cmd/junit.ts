/** One test of a JUnit report. */
export interface JunitCase {
  /** The group it is shown in: a file, say. */
  readonly classname: string;
  readonly name: string;
  readonly file: string;
  /** From 1; 0 when there is no line. */
  readonly line: number;
  /** Why it failed; null when it passed. */
  readonly failure: { readonly type: string; readonly message: string; readonly text: string } | null;
  /** What is told although it passed, or besides the failure; may be empty. */
  readonly output: string;
}

/**
 * A JUnit report of one suite, as CI systems read it (the format of Ant's junitreport task, with the `file` and `line` attributes
 * that GitLab and others take). One failure a case, since some readers look at the first alone.
 */
export function junitReport(suite: string, cases: readonly JunitCase[]): string {
  const failures = cases.filter((each) => each.failure !== null).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${attribute(suite)}" ${counts}>`,
    ...cases.flatMap(caseLines),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function caseLines({ classname, name, file, line, failure, output }: JunitCase): readonly string[] {
  const place = file === "" ? "" : ` file="${attribute(file)}"${line > 0 ? ` line="${line}"` : ""}`;
  const head = `    <testcase classname="${attribute(classname)}" name="${attribute(name)}"${place}`;
  if (failure === null && output === "") return [`${head}/>`];
  const { type, message, text: body } = failure ?? { type: "", message: "", text: "" };
  const failed =
    failure === null
      ? []
      : [`      <failure type="${attribute(type)}" message="${attribute(message)}">${escapeText(body)}</failure>`];
  const told = output === "" ? [] : [`      <system-out>${escapeText(output)}</system-out>`];
  return [`${head}>`, ...failed, ...told, "    </testcase>"];
}

/** Text between tags (XML 1.0 §2.4). */
function escapeText(value: string): string {
  return allowed(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The value of an attribute; readers make spaces of line ends unless they are written as references (XML 1.0 §3.3.3). */
function attribute(value: string): string {
  return escapeText(value).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\r", "&#13;").replaceAll("\t", "&#9;");
}

/** Characters that XML cannot hold in any spelling (XML 1.0 §2.2) become U+FFFD. */
function allowed(value: string): string {
  return value.toWellFormed().replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}");
}
