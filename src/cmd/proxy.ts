import { hostname } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError } from "commander";
import { type CredentialFiles, isSecure, operatorUrlProblem } from "../channel/access.ts";
import { ISOLATE_AFTER_MS } from "../proxy/supervisor/isolation.ts";
import { Supervisor } from "../proxy/supervisor/supervisor.ts";
import { POD_DRAIN } from "../proxy/supervisor/timing.ts";
import { defaultWorkerCount } from "../proxy/supervisor/workers.ts";
import { type AccessLogFlags, accessLogOf, withAccessLog } from "./access-log-flags.ts";
import { examples, wrongUse } from "./cli.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { type EventFormat, eventPrinter } from "./run-events.ts";
import { OPTIONS, requireFile, runLogger } from "./run-options.ts";
import { onReopenSignal, running, stopSignal } from "./until-stopped.ts";

interface ProxyOptions extends AccessLogFlags {
  readonly operator: string;
  readonly operatorCa?: string;
  readonly token?: string;
  readonly class?: string;
  readonly state: string;
  readonly stateKey?: string;
  readonly id: string;
  readonly workers?: number;
  readonly admin?: HostPort;
  readonly debugEndpoints?: boolean;
  readonly drainDelay: number;
  readonly drainDeadline: number;
  readonly isolateAfter: number;
  readonly events: EventFormat;
}

/** `fairway proxy`: the data plane alone. */
export function command(): Command {
  const command = new Command("proxy")
    .description(
      "Serves what an operator publishes for one ingress class. Without an operator it serves the last good snapshot from disk.",
    )
    .requiredOption("--operator <URL>", "where the operator serves: https, or http on this machine", parseOperatorUrl)
    .option(
      "--operator-ca <FILE>",
      "with https: the authorities that may have signed the operator's certificate; read again each time",
    )
    .option("--token <FILE>", "with https: the token of this proxy's ServiceAccount; read again each time")
    .option("--class <NAME>", "ingress class to serve (with https by default the one that the ServiceAccount has)")
    .requiredOption("--state <DIR>", "folder of the last good snapshot")
    .option("--state-key <FILE>", "secret that certificates on disk are encrypted with; without it they are not written")
    .option(
      "--id <NAME>",
      "name of this proxy, its own among those of the class; with https that of its Pod (default: POD_NAME, else host and process)",
      process.env.POD_NAME || `${hostname()}-${process.pid}`,
    )
    .addOption(OPTIONS.workers())
    .addOption(OPTIONS.admin())
    .addOption(OPTIONS.debugEndpoints())
    .option("--drain-delay <SECONDS>", "on SIGTERM, go on accepting at least this long", parseSeconds, POD_DRAIN.delayMs / 1_000)
    .option("--drain-deadline <SECONDS>", "then give requests this long to end", parseSeconds, POD_DRAIN.deadlineMs / 1_000)
    .option(
      "--isolate-after <SECONDS>",
      "after this time without an operator send requests to ClusterIPs instead of endpoints; 0: never. A FairwayClass may say otherwise",
      parseSeconds,
      ISOLATE_AFTER_MS / 1_000,
    )
    .addOption(OPTIONS.events())
    .addHelpText(
      "after",
      examples(
        ["fairway proxy --operator http://127.0.0.1:9443 --class fairway --state ./state", "next to an operator on this machine"],
        [
          "fairway proxy --operator https://fairway-operator.fairway-system.svc:9443 --operator-ca ca.crt --token token --state ./state",
          "in a Pod",
        ],
      ),
    )
    .action((options: ProxyOptions) => running(() => proxy(options)));
  return withAccessLog(command);
}

async function proxy(options: ProxyOptions): Promise<void> {
  // The threads that are started from here on, where all traffic is, cannot turn text into code, whatever they are fed.
  setFlagsFromString("--disallow-code-generation-from-strings");
  if (options.stateKey !== undefined) requireFile(options.stateKey);
  const credentials = credentialsOf(options);
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const supervisor = new Supervisor({
    operatorUrl: options.operator,
    credentials,
    className: options.class ?? "",
    proxyId: options.id,
    workers: options.workers ?? defaultWorkerCount(),
    stateDirectory: options.state,
    stateKeyFile: options.stateKey ?? null,
    admin: options.admin ?? null,
    debugEndpoints: options.debugEndpoints === true,
    drain: { ...POD_DRAIN, delayMs: options.drainDelay * 1_000, deadlineMs: options.drainDeadline * 1_000 },
    isolateAfterMs: options.isolateAfter * 1_000,
    ...accessLogOf(options),
    log: runLogger(options.events),
    onEvent: (event) => {
      if (event.event !== "live") return print(event);
      const { applyMs, ...live } = event;
      return print({ ...live, ms: applyMs, atMs: Date.now(), objects: null, routers: null });
    },
  });
  onReopenSignal(() => void supervisor.reopenAccessLog());
  try {
    await Promise.race([supervisor.start(), stop]);
    await stop;
  } finally {
    await supervisor.stop();
  }
}

/** What goes with the operator's URL; ends the command where something is missing or makes no sense. */
function credentialsOf({ operator, operatorCa, token, class: className }: ProxyOptions): CredentialFiles | null {
  if (!isSecure(operator)) {
    if (operatorCa !== undefined || token !== undefined)
      wrongUse("--operator-ca and --token are for an operator at an https URL");
    if (className === undefined) wrongUse("an operator at an http URL does not know whose proxy this is: --class is needed");
    return null;
  }
  if (operatorCa === undefined || token === undefined) wrongUse("an operator at an https URL needs --operator-ca and --token");
  return { caFile: operatorCa, tokenFile: token };
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
