import { Command } from "commander";
import { isLoopback } from "../channel/loopback.ts";
import { PlaintextRefused } from "../channel/server.ts";
import type { CompiledRun } from "../control/reconciler.ts";
import { EVERY_CLASS } from "../control/translate/settings.ts";
import { systemClock } from "../kernel/clock.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { examples, wrongUse } from "./cli.ts";
import { ControlHalf } from "./control-half.ts";
import { type HostPort, parseHostPort } from "./entry-point-flags.ts";
import { ProblemWatch } from "./problem-watch.ts";
import { type EventFormat, type EventPrinter, eventPrinter } from "./run-events.ts";
import { OPTIONS, requireFolder, runLogger } from "./run-options.ts";
import { running, stopSignal } from "./until-stopped.ts";

interface OperatorOptions {
  readonly manifests: string;
  readonly listen: HostPort;
  readonly entrypoint: readonly EntryPoint[];
  readonly class: readonly string[];
  readonly events: EventFormat;
}

/** `fairway operator --manifests DIR`: the control plane alone, on a folder. */
export function command(): Command {
  return new Command("operator")
    .description("Watches manifests, compiles them, and publishes snapshots to the proxies that connect.")
    .requiredOption("--manifests <DIR>", "folder of manifests, read at any depth")
    .requiredOption(
      "--listen <HOST:PORT>",
      "where proxies connect; a loopback address, since the channel is plaintext",
      parseHostPort,
    )
    .addOption(OPTIONS.entryPoint())
    .addOption(OPTIONS.classes(`publish this ingress class; may be given more than once (without: all as "${EVERY_CLASS}")`))
    .addOption(OPTIONS.events())
    .addHelpText(
      "after",
      examples(
        ["fairway operator --manifests ./manifests --listen 127.0.0.1:9090", `everything, as class "${EVERY_CLASS}"`],
        ["fairway operator --manifests ./manifests --listen 127.0.0.1:9090 --class public --class internal", "two classes"],
      ),
    )
    .action((options: OperatorOptions) => running(() => operator(options)));
}

async function operator(options: OperatorOptions): Promise<void> {
  const { manifests: directory, listen } = options;
  requireFolder(directory);
  if (!isLoopback(listen.host)) wrongUse(new PlaintextRefused(listen.host).message);
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const log = runLogger(options.events);
  const control = new ControlHalf({
    directory,
    entryPoints: options.entrypoint,
    classes: options.class.length === 0 ? { select: "every", publishAs: EVERY_CLASS } : { select: "named", names: options.class },
    onCompiled: (run, sinceMs) => tellPublished(run, systemClock.monotonicMs() - sinceMs, print),
    onProblems: () => problems.note(),
    onFailed: (error, retryMs) => log.error("compiling failed", { error, retryMs: Math.round(retryMs) }),
    onPolling: (code) => print({ event: "polling", code }),
    onAnswer: ({ resumed: _, ...answer }) => print({ event: "answered", ...answer }),
    onGone: (proxyId, className) => print({ event: "proxyGone", proxyId, class: className }),
  });
  const problems = new ProblemWatch(() => control.problems(), print, options.events);
  try {
    const startMs = systemClock.monotonicMs();
    await control.start();
    print({ event: "loaded", directory, ...control.counts, ms: systemClock.monotonicMs() - startMs });
    problems.look();
    const { port } = await control.listen(listen.host, listen.port);
    print({ event: "serving", host: listen.host, port });
    await stop;
  } finally {
    problems.stop();
    await control.stop();
  }
}

function tellPublished(run: CompiledRun, ms: number, print: EventPrinter): void {
  for (const [className, version] of run.versions) {
    print({ event: "published", class: className, version, objects: run.changedObjects, ms });
  }
}
