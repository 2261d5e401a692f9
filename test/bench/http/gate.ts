import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, table } from "../contract.ts";
import { wholeNumber } from "../flags.ts";
import { casesNamed } from "./cases.ts";
import { endOnSignals } from "./children.ts";
import { fairway } from "./fairway-target.ts";
import { GATE_RATIO_MAX, GATE_SLOWER_SHARE, judge, type Verdict } from "./gate-verdict.ts";
import { shortRevision, writeRevision } from "./revision.ts";
import { runCases } from "./run.ts";
import { missingWrk } from "./wrk.ts";

const CASES = "keep-alive,close,down-1m";
const REPEATS = 15;
const SECONDS = 1;

const USAGE = `npm run -s bench -- gate [options]

Whether this checkout costs more CPU per request than the commit before: both run at once, do the same work, and are loaded in turn.
Exits 1 when a case costs more than ${GATE_RATIO_MAX} times what it did, by the median of the repeats' ratios, and at least ${GATE_SLOWER_SHARE * 100} % of the
repeats say that it costs more; or when an answer was not 200.

  --against   the commit to be held against (HEAD^)
  --revision  measure this commit, rather than the files of this checkout
  --cases     cases of bench -- http, with commas between (${CASES})
  --repeats   how often each is loaded in each case (${REPEATS})
  --seconds   how long, each time (${SECONDS})
  --json      one line of JSON instead of the table
`;

export const gate: Bench = {
  name: "gate",
  summary: "whether a request costs more CPU than in the commit before",
  run: async (args) => {
    const text = { type: "string" } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        against: { type: "string", default: "HEAD^" },
        cases: { type: "string", default: CASES },
        revision: text,
        repeats: text,
        seconds: text,
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const plan = {
      cases: casesNamed(values.cases.split(",")),
      repeats: wholeNumber("repeats", values.repeats, REPEATS),
      seconds: wholeNumber("seconds", values.seconds, SECONDS),
    };
    const missing = missingWrk();
    if (missing !== null) {
      process.stderr.write(`error: the load comes from wrk, which is missing: ${missing}\n`);
      return 1;
    }
    const verdicts = await compare(values.against, values.revision, plan);
    const names = { against: shortRevision(values.against), measured: values.revision ?? "this checkout" };
    process.stdout.write(`${values.json ? JSON.stringify({ bench: "gate", ...names, verdicts }) : shown(verdicts, names)}\n`);
    return verdicts.some(({ isSlower }) => isSlower) ? 1 : 0;
  },
};

type Plan = Pick<Parameters<typeof runCases>[0], "cases" | "repeats" | "seconds">;

async function compare(against: string, revision: string | undefined, plan: Plan): Promise<readonly Verdict[]> {
  endOnSignals();
  const folder = mkdtempSync(join(tmpdir(), "fairway-gate-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    writeRevision(against, join(folder, "before"));
    if (revision !== undefined) writeRevision(revision, join(folder, "after"));
    const after = revision === undefined ? new URL("../../../", import.meta.url).pathname : join(folder, "after");
    const kinds = [fairway("before", join(folder, "before")), fairway("fairway", after)];
    const verdicts: Verdict[] = [];
    await runCases({
      ...plan,
      kinds,
      idle: [],
      onIdle: () => {},
      onTargets: () => {},
      onCase: ({ name }, rows) => {
        const row = rows.find(({ target }) => target === "fairway");
        const wrong = rows.find((one) => one.wrong !== null)?.wrong;
        if (wrong !== undefined) throw new Error(`${name}: ${wrong}`);
        verdicts.push(judge(name, row?.ratiosOf.before ?? []));
      },
    });
    return verdicts;
  } finally {
    remove();
    process.off("exit", remove);
  }
}

function shown(
  verdicts: readonly Verdict[],
  { against, measured }: { readonly against: string; readonly measured: string },
): string {
  const rows = verdicts.map(({ caseName, median, low, high, slowerShare, isSlower }) => [
    caseName,
    median.toFixed(3),
    `${low.toFixed(2)}-${high.toFixed(2)}`,
    `${(slowerShare * 100).toFixed(0)} %`,
    isSlower ? "SLOWER" : "passes",
  ]);
  return table([[`${measured} to ${against}`, "CPU ratio", "range", "slower in", `limit ${GATE_RATIO_MAX}`], ...rows]);
}
