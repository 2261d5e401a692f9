import type { CompiledRun } from "../control/reconciler.ts";
import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import type { SupervisorEvent } from "../proxy/supervisor/events.ts";
import { eventText } from "./event-text.ts";

/**
 * What `dev`, `operator` and `proxy` tell while they run. With `--events json` each is one line of JSON on stdout: a contract that
 * other tools build on, so fields are added and never removed or renamed.
 */
export type RunEvent =
  | Exclude<SupervisorEvent, { readonly event: "live" }>
  | LiveEvent
  /** The folder has been read. */
  | {
      readonly event: "loaded";
      readonly directory: string;
      readonly files: number;
      readonly objects: number;
      readonly ms: number;
    }
  /** Something is wrong with the manifests; `problemSolved` when it no longer is. */
  | ({ readonly event: "problem" } & LocatedProblem)
  | ({ readonly event: "problemSolved" } & LocatedProblem)
  /** More problems appeared or were solved than are worth reading; only told to people. */
  | { readonly event: "problemsLeftOut"; readonly count: number }
  /** The system refuses to watch the folder, which is polled instead. */
  | { readonly event: "polling"; readonly code: string }
  /** The operator serves proxies here. */
  | { readonly event: "serving"; readonly host: string; readonly port: number }
  /** The webhook takes reviews here. */
  | { readonly event: "reviewing"; readonly host: string; readonly port: number }
  /** This replica serves proxies, or another one does; `holder` is where that is reached, "" when it is not known. */
  | { readonly event: "role"; readonly role: "serving" | "standingBy"; readonly holder: string }
  /** A new snapshot of a class is there for its proxies. `ms`: since the change was seen. */
  | {
      readonly event: "published";
      readonly class: string;
      readonly version: string;
      readonly objects: number;
      readonly ms: number;
    }
  /** A proxy answered. */
  | {
      readonly event: "answered";
      readonly proxyId: string;
      readonly class: string;
      readonly version: string;
      readonly refused: readonly { readonly id: string; readonly reason: string }[];
      readonly whole: string | null;
    }
  | { readonly event: "proxyGone"; readonly proxyId: string; readonly class: string };

/** Every live worker runs this version. */
export interface LiveEvent {
  readonly event: "live";
  readonly version: string;
  /** Generation of this proxy process. */
  readonly sequence: number;
  /** From the change in the folder to the last worker's switch; in `fairway proxy`, which sees no folder, from the delta's arrival. */
  readonly ms: number;
  /**
   * When the last worker had switched, in ms since the epoch, on the machine's own clock: what a process makes of `performance.timeOrigin`
   * may be milliseconds away from what another one makes of it, and further with every minute.
   */
  readonly atMs: number;
  /** Objects that changed; null where the folder is not seen. */
  readonly objects: number | null;
  /** Routers that were added, changed or removed; null where the folder is not seen. */
  readonly routers: readonly string[] | null;
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

export type EventFormat = "text" | "json";

/** Prints events on stdout. */
export type EventPrinter = (event: RunEvent) => void;

export function eventPrinter(format: EventFormat): EventPrinter {
  if (format === "json") return (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return (event) => {
    const text = eventText(event);
    if (text !== null) process.stdout.write(`${text}\n`);
  };
}

/** Tells of each snapshot that a run published, `ms` after its first change was seen. */
export function tellPublished(run: CompiledRun, ms: number, print: EventPrinter): void {
  for (const [className, version] of run.versions) {
    print({ event: "published", class: className, version, objects: run.changedObjects, ms });
  }
}
