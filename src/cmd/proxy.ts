import { hostname } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError } from "commander";
import { operatorUrlProblem } from "../channel/access.ts";
import { Supervisor } from "../proxy/supervisor/supervisor.ts";
import { POD_DRAIN } from "../proxy/supervisor/timing.ts";
import { defaultWorkerCount } from "../proxy/supervisor/workers.ts";
import { examples } from "./cli.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { type EventFormat, eventPrinter, preciseNowMs } from "./run-events.ts";
import { OPTIONS, requireFile, runLogger } from "./run-options.ts";
import { running, stopSignal } from "./until-stopped.ts";

interface ProxyOptions {
  readonly operator: string;
  readonly class: string;
  readonly state: string;
  readonly stateKey?: string;
  readonly id: string;
  readonly workers?: number;
  readonly admin?: HostPort;
  readonly drainDelay: number;
  readonly drainDeadline: number;
  readonly events: EventFormat;
}

/** `fairway proxy`: the data plane alone. */
export function command(): Command {
  return new Command("proxy")
    .description(
      "Serves what an operator publishes for one ingress class. Without an operator it serves the last good snapshot from disk.",
    )
    .requiredOption("--operator <URL>", "where the operator serves, as in http://127.0.0.1:9090", parseOperatorUrl)
    .requiredOption("--class <NAME>", "ingress class to serve")
    .requiredOption("--state <DIR>", "folder of the last good snapshot")
    .option("--state-key <FILE>", "secret that certificates on disk are encrypted with; without it they are not written")
    .option("--id <NAME>", "name of this proxy, its own among those of the class", `${hostname()}-${process.pid}`)
    .addOption(OPTIONS.workers())
    .addOption(OPTIONS.admin())
    .option("--drain-delay <SECONDS>", "on SIGTERM, go on accepting at least this long", parseSeconds, POD_DRAIN.delayMs / 1_000)
    .option("--drain-deadline <SECONDS>", "then give requests this long to end", parseSeconds, POD_DRAIN.deadlineMs / 1_000)
    .addOption(OPTIONS.events())
    .addHelpText(
      "after",
      examples([
        "fairway proxy --operator http://127.0.0.1:9090 --class fairway --state ./state",
        "next to an operator on this machine",
      ]),
    )
    .action((options: ProxyOptions) => running(() => proxy(options)));
}

async function proxy(options: ProxyOptions): Promise<void> {
  // The threads that are started from here on, where all traffic is, cannot turn text into code, whatever they are fed.
  setFlagsFromString("--disallow-code-generation-from-strings");
  if (options.stateKey !== undefined) requireFile(options.stateKey);
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const supervisor = new Supervisor({
    operatorUrl: options.operator,
    className: options.class,
    proxyId: options.id,
    workers: options.workers ?? defaultWorkerCount(),
    stateDirectory: options.state,
    stateKeyFile: options.stateKey ?? null,
    admin: options.admin ?? null,
    drain: { ...POD_DRAIN, delayMs: options.drainDelay * 1_000, deadlineMs: options.drainDeadline * 1_000 },
    log: runLogger(options.events),
    onEvent: (event) => {
      if (event.event !== "live") return print(event);
      const { applyMs, ...live } = event;
      return print({ ...live, ms: applyMs, atMs: preciseNowMs(), objects: null, routers: null });
    },
  });
  try {
    await Promise.race([supervisor.start(), stop]);
    await stop;
  } finally {
    await supervisor.stop();
  }
}

function parseOperatorUrl(text: string): string {
  const problem = operatorUrlProblem(text);
  if (problem !== null) throw new InvalidArgumentError(problem);
  return text;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds > 3_600) throw new InvalidArgumentError("Write seconds, at most 3600.");
  return seconds;
}
