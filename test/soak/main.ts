import { parseArgs } from "node:util";
import { faultsOf, reportText } from "./report.ts";
import { soak } from "./soak.ts";

const USAGE = `npm run -s soak -- [options]

Runs an operator on a folder, a proxy, six servers and clients of every kind on this machine. Meanwhile routes, middlewares, endpoints and
entry points change; workers, servers and the operator are ended and come back. Every answer has to prove that it is the answer to its very
request; every failure has to be that of a connection whose worker was killed (or of a request to a server that was). Exits 1 when one is
not, when memory grows, or when something is left at the end. docs/soak.md says what is proven and how.

  --minutes N      how long (60)
  --load N         multiplies the number of clients, 34 or so (1)
  --workers N      workers of the proxy (2)
  --change S       seconds between two changes (1)
  --kill-worker S  seconds between two kills of a worker; 0: none (60)
  --server S       seconds between two restarts, and between two kills, of servers; 0: none (20)
  --operator S     seconds between two restarts of the operator; 0: none (45)
  --seed N         of what is asked and changed (1)
  --samples FILE   writes every sample of memory there: name, second, MiB, with tabs between
  --json           the report as one line of JSON
`;

const NUMBERS = {
  minutes: "60",
  load: "1",
  workers: "2",
  change: "1",
  "kill-worker": "60",
  server: "20",
  operator: "45",
  seed: "1",
} as const;

/** Memory is looked at when a third has passed, and after two minutes at the latest. */
const WARM_S_MAX = 120;
const EXIT_WRONG_USE = 2;

async function main(args: readonly string[]): Promise<number> {
  const options = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, value]) => [name, { type: "string", default: value }] as const),
  );
  const { values } = parseArgs({
    args: [...args],
    options: { ...options, samples: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const number = (name: keyof typeof NUMBERS): number => positive(name, (values as Record<string, unknown>)[name]);
  const seconds = number("minutes") * 60;
  const report = await soak({
    seconds,
    workers: number("workers"),
    load: number("load"),
    changeMs: number("change") * 1_000,
    workerS: number("kill-worker"),
    kinds: ["throw", "terminate", "hang"],
    serverS: number("server"),
    operatorS: number("operator"),
    warmS: Math.min(WARM_S_MAX, seconds / 3),
    seed: number("seed"),
    ...(typeof values.samples === "string" ? { samplesFile: values.samples } : {}),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const found = faultsOf(report);
  const { liveMs: _, ...short } = report;
  process.stdout.write(`${values.json ? JSON.stringify({ ...short, found }) : reportText(report)}\n`);
  return found.length === 0 ? 0 : 1;
}

function positive(name: string, text: unknown): number {
  const number = Number(text);
  if (Number.isNaN(number) || number < 0)
    throw Object.assign(new Error(`--${name}: ${text} is no number`), { code: "ERR_PARSE_ARGS" });
  return number;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS")) throw error;
  process.stderr.write(`error: ${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = EXIT_WRONG_USE;
}
