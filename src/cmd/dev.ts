import { Command } from "commander";
import type { CompiledRun } from "../control/reconciler.ts";
import { EVERY_CLASS } from "../control/translate/settings.ts";
import { systemClock } from "../kernel/clock.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { SupervisorEvent } from "../proxy/supervisor/events.ts";
import { Supervisor } from "../proxy/supervisor/supervisor.ts";
import { TERMINAL_DRAIN } from "../proxy/supervisor/timing.ts";
import { defaultWorkerCount } from "../proxy/supervisor/workers.ts";
import { type AccessLogFlags, accessLogOf, withAccessLog } from "./access-log-flags.ts";
import { ChangeTimes } from "./change-times.ts";
import { examples } from "./cli.ts";
import { ControlHalf } from "./control-half.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { ProblemWatch } from "./problem-watch.ts";
import { type EventFormat, type EventPrinter, eventPrinter } from "./run-events.ts";
import { OPTIONS, requireFolder, runLogger } from "./run-options.ts";
import { onReopenSignal, running, stopSignal } from "./until-stopped.ts";

interface DevOptions extends AccessLogFlags {
  readonly entrypoint: readonly EntryPoint[];
  readonly class: readonly string[];
  readonly workers?: number;
  readonly admin?: HostPort;
  readonly debugEndpoints?: boolean;
  readonly events: EventFormat;
}

/** `fairway dev DIR`: both halves in one process, with the real channel between them. */
export function command(): Command {
  const command = new Command("dev")
    .description(
      "Serves a folder of Kubernetes manifests (Ingress, Fairway kinds, Service, EndpointSlice, Secret, ...) without a cluster.\n" +
        "Save a file and it is live; what is wrong is told with file and line, and what worked goes on working.\n" +
        "The FairwayClass that an IngressClass of the folder names opens, changes and closes ports while it runs, unless --entrypoint is given.",
    )
    .argument("<dir>", "folder of manifests, read at any depth")
    .addOption(OPTIONS.entryPoint())
    .addOption(OPTIONS.classes("serve only objects of this ingress class; may be given more than once"))
    .addOption(OPTIONS.workers())
    .addOption(OPTIONS.admin())
    .addOption(OPTIONS.debugEndpoints())
    .addOption(OPTIONS.events())
    .addHelpText(
      "after",
      examples(
        ["fairway dev ./manifests", "http on 127.0.0.1:8080, https on 127.0.0.1:8443"],
        ["fairway dev ./manifests --entrypoint web=:80 --entrypoint secure=:443,tls", "on other ports"],
        ["fairway dev ./manifests --class public --admin 127.0.0.1:9000", "one class, with metrics"],
      ),
    )
    .action((directory: string, options: DevOptions) => running(() => dev(directory, options)));
  return withAccessLog(command);
}

async function dev(directory: string, options: DevOptions): Promise<void> {
  requireFolder(directory);
  const accessLog = accessLogOf(options);
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const log = runLogger(options.events);
  const times = new ChangeTimes();
  const control = new ControlHalf({
    directory,
    entryPoints: options.entrypoint,
    classes:
      options.class.length === 0
        ? { select: "every", publishAs: EVERY_CLASS }
        : { select: "named", names: options.class, publishAs: EVERY_CLASS },
    onCompiled: (run, sinceMs) => notePublished(times, run, sinceMs),
    onProblems: () => problems.note(),
    onFailed: (error, retryMs) => log.error("compiling failed", { error, retryMs: Math.round(retryMs) }),
    onPolling: (code) => print({ event: "polling", code }),
  });
  const problems = new ProblemWatch(() => control.problems(), print, options.events);
  const { port } = await control.listen("127.0.0.1", 0);
  const supervisor = new Supervisor({
    operatorUrl: `http://127.0.0.1:${port}`,
    className: EVERY_CLASS,
    proxyId: "dev",
    workers: options.workers ?? defaultWorkerCount(),
    stateDirectory: null,
    stateKeyFile: null,
    admin: options.admin ?? null,
    debugEndpoints: options.debugEndpoints === true,
    drain: TERMINAL_DRAIN,
    ...accessLog,
    keepsDrain: true,
    log,
    onEvent: (event) => tell(event, times, print),
  });
  onReopenSignal(() => void supervisor.reopenAccessLog());
  try {
    await Promise.race([start(directory, control, supervisor, problems, print), stop]);
    await stop;
  } finally {
    problems.stop();
    await supervisor.stop();
    await control.stop();
  }
}

async function start(
  directory: string,
  control: ControlHalf,
  supervisor: Supervisor,
  problems: ProblemWatch,
  print: EventPrinter,
): Promise<void> {
  const startMs = systemClock.monotonicMs();
  const load = async (): Promise<void> => {
    await control.start();
    print({ event: "loaded", directory, ...control.counts, ms: systemClock.monotonicMs() - startMs });
    problems.look();
  };
  await Promise.all([load(), supervisor.start()]);
}

function notePublished(times: ChangeTimes, run: CompiledRun, sinceMs: number): void {
  const version = run.versions.get(EVERY_CLASS);
  if (version === undefined) return;
  times.published({ version, sinceMs, objects: run.changedObjects, routers: run.changedRouters });
}

/** Supervisor's events as they are, but that what is live is told with what changed and since when. */
function tell(event: SupervisorEvent, times: ChangeTimes, print: EventPrinter): void {
  // Between the halves of one process these are no news.
  if (event.event === "operatorConnected" || event.event === "workerReady") return;
  if (event.event !== "live") {
    print(event);
    return;
  }
  const { version, sequence, refused, applyMs } = event;
  const change = times.live(version);
  const ms = change ? systemClock.monotonicMs() - change.sinceMs : applyMs;
  const { objects = null, routers = null } = change ?? {};
  print({ event: "live", version, sequence, ms, atMs: Date.now(), objects, routers, refused });
}
