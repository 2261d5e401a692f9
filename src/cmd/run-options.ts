import { readFileSync, statSync } from "node:fs";
import { Option } from "commander";
import type { EntryPoint } from "../model/entry-point.ts";
import type { Logger } from "../telemetry/log.ts";
import { stderrLogger } from "../telemetry/log.ts";
import { wrongUse } from "./cli.ts";
import { collectEntryPoint, collectName, DEFAULT_ENTRY_POINTS, parseCount, parseHostPort } from "./entry-point-flags.ts";
import type { EventFormat } from "./run-events.ts";

/** Options that the long-running commands share, each with the same words and the same meaning. */
export const OPTIONS = {
  entryPoint: (note = "") =>
    new Option(
      "--entrypoint <NAME=HOST:PORT[,tls][,trust=CIDR][,proxy=CIDR]>",
      "a port to listen on; one or more replace the default, and what a FairwayClass says. Peers in `trust` are believed their X-Forwarded-* headers, connections of those in `proxy` begin with a PROXY protocol header; each may be given more than once",
    )
      .argParser<readonly EntryPoint[]>(collectEntryPoint)
      .default(
        DEFAULT_ENTRY_POINTS,
        `those of the FairwayClass, else web=127.0.0.1:8080 and websecure=127.0.0.1:8443,tls${note === "" ? "" : `; ${note}`}`,
      ),
  classes: (meaning: string, otherwise = "every object counts") =>
    new Option("--class <NAME>", meaning).argParser<readonly string[]>(collectName).default([], otherwise),
  workers: () => new Option("--workers <N>", "worker threads (default: one a core)").argParser(parseCount),
  admin: (otherwise = "none") =>
    new Option("--admin <HOST:PORT>", `port for probes, metrics and what is live (default: ${otherwise})`).argParser(
      parseHostPort,
    ),
  debugEndpoints: () =>
    new Option("--debug-endpoints", "give the admin port paths that do harm, for tests: POST /debug/terminate-worker"),
  events: () =>
    new Option("--events <format>", "how to tell what happens").choices(["text", "json"]).default("text" satisfies EventFormat),
} as const;

/** Ends the command unless the path is a folder. */
export function requireFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) wrongUse(`"${path}" is not a folder`);
}

/** Ends the command unless the file can be read. */
export function requireFile(path: string): void {
  try {
    readFileSync(path);
  } catch (error) {
    wrongUse(`"${path}" cannot be read: ${(error as Error).message}`);
  }
}

/** Where components log to: JSON lines for programs, plain lines for people; both on stderr, warnings and worse. */
export function runLogger(format: EventFormat): Logger {
  return format === "json" ? stderrLogger("warn") : plainLogger();
}

function plainLogger(): Logger {
  const print = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const details = Object.entries(fields).map(
      ([name, value]) =>
        ` ${name}=${typeof value === "string" ? value : value instanceof Error ? value.message : JSON.stringify(value)}`,
    );
    process.stderr.write(`${level.padEnd(8)} ${message}${details.join("")}\n`);
  };
  return {
    info: () => {},
    warn: (message, fields) => print("warning", message, fields),
    error: (message, fields) => print("error", message, fields),
    child: () => plainLogger(),
  };
}
