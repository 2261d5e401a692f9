import { closest, distance } from "fastest-levenshtein";
import { changes } from "./changes.ts";
import { churn } from "./churn.ts";
import { cluster } from "./cluster/cluster.ts";
import { compile } from "./compile.ts";
import type { Bench } from "./contract.ts";
import { exchange } from "./exchange.ts";
import { gate } from "./http/gate.ts";
import { http } from "./http/http.ts";
import { load } from "./load.ts";
import { lookup } from "./lookup.ts";
import { routes } from "./routes.ts";

const BENCHES: readonly Bench[] = [routes, lookup, compile, load, changes, churn, exchange, http, gate, cluster];
const EXIT_WRONG_USE = 2;

function usage(): string {
  const width = Math.max(...BENCHES.map(({ name }) => name.length));
  const lines = BENCHES.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `npm run -s bench -- NAME [options]\n\n${lines.join("\n")}\n\nEach has --help.\n`;
}

function wrongUse(reason: string, more = ""): number {
  process.stderr.write(`error: ${reason}\n${more}`);
  return EXIT_WRONG_USE;
}

function suggestion(name: string): string {
  const nearest = closest(
    name,
    BENCHES.map((one) => one.name),
  );
  return distance(name, nearest) <= 2 ? `; did you mean "${nearest}"?` : "";
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) return wrongUse("which bench?", `\n${usage()}`);
  if (name === "--help" || name === "-h") {
    process.stdout.write(usage());
    return 0;
  }
  const bench = BENCHES.find((one) => one.name === name);
  if (bench === undefined) return wrongUse(`there is no bench "${name}"${suggestion(name)}`, `\n${usage()}`);
  try {
    return await bench.run(args);
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS")) throw error;
    return wrongUse((error as Error).message);
  }
}

process.exitCode = await main(process.argv.slice(2));
