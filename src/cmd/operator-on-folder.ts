import { isLoopback } from "../channel/loopback.ts";
import { PlaintextRefused } from "../channel/server.ts";
import { OperatorAdmin } from "../control/admin/operator-admin.ts";
import { systemClock } from "../kernel/clock.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { wrongUse } from "./cli.ts";
import { ControlHalf } from "./control-half.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { manifestClasses } from "./manifest-settings.ts";
import { ProblemWatch } from "./problem-watch.ts";
import { type EventFormat, eventPrinter, tellPublished } from "./run-events.ts";
import { requireFolder, runLogger } from "./run-options.ts";
import { stopSignal } from "./until-stopped.ts";
import { version } from "./version.ts";

/** What `fairway operator --manifests` is told. */
export interface FolderOptions {
  readonly manifests: string;
  /** A loopback address, since the channel is plaintext. */
  readonly listen: HostPort;
  readonly admin?: HostPort;
  readonly entrypoint: readonly EntryPoint[];
  readonly class: readonly string[];
  readonly allowCrossNamespace: boolean;
  readonly events: EventFormat;
}

/** The control plane on a folder, until a signal ends it. */
export async function operatorOnFolder(options: FolderOptions): Promise<void> {
  const { manifests: directory, listen } = options;
  requireFolder(directory);
  if (!isLoopback(listen.host)) wrongUse(new PlaintextRefused(listen.host).message);
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const log = runLogger(options.events);
  const control = new ControlHalf({
    directory,
    entryPoints: options.entrypoint,
    classes: manifestClasses(options.class),
    onCompiled: (run, sinceMs) => {
      admin.compiled(run, sinceMs);
      tellPublished(run, systemClock.monotonicMs() - sinceMs, print);
    },
    onProblems: () => problems.note(),
    onFailed: (error, retryMs) => {
      admin.failed();
      log.error("compiling failed", { error, retryMs: Math.round(retryMs) });
    },
    onPolling: (code) => print({ event: "polling", code }),
    onAnswer: (answer) => {
      admin.answered(answer);
      const { resumed: _, ...told } = answer;
      print({ event: "answered", ...told });
    },
    onGone: (proxyId, className) => {
      admin.gone(proxyId, className);
      print({ event: "proxyGone", proxyId, class: className });
    },
  });
  const admin = adminOf(control, directory);
  const problems = new ProblemWatch(() => control.problems(), print, options.events);
  try {
    if (options.admin !== undefined) {
      const { host } = options.admin;
      const { port } = await admin.listen(host, options.admin.port);
      print({ event: "admin", host, port });
    }
    const startMs = systemClock.monotonicMs();
    await control.start();
    print({ event: "loaded", directory, ...control.counts, ms: systemClock.monotonicMs() - startMs });
    problems.look();
    const { port } = await control.listen(listen.host, listen.port);
    print({ event: "serving", host: listen.host, port });
    await stop;
  } finally {
    problems.stop();
    await admin.close();
    await control.stop();
  }
}

function adminOf(control: ControlHalf, directory: string): OperatorAdmin {
  return new OperatorAdmin({
    version: version(),
    store: control.store,
    settings: control.settings,
    snapshots: () => control.publisher.snapshots(),
    sourceProblems: () => control.sourceProblems(),
    folder: { directory, objects: () => control.objects(), located: (found) => control.located(found) },
  });
}
