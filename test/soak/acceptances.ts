/** A connection that a worker accepted (times in ms on the soak's clock). */
export interface Acceptance {
  /** The thread: a worker and its successor have different ones. */
  readonly thread: number;
  /** Port of the entry point, and the client's own port. */
  readonly entryPort: number;
  readonly clientPort: number;
  readonly atMs: number;
}

/** A worker that was ended on purpose. */
export interface Kill {
  readonly thread: number;
  /** When it was told to, and when it was known to be gone. */
  readonly fromMs: number;
  untilMs: number;
}

/** A connection as its client sees it, which broke. */
export interface Broken {
  readonly entryPort: number;
  readonly clientPort: number;
  readonly openedMs: number;
  readonly brokenMs: number;
}

/** Why a connection broke. `queued`: no worker ever had it, and it broke as one was killed, on whose listening socket it then was. */
export type BreakCause = "killedWorker" | "queuedOnKilledWorker" | null;

/** A client may learn of a closed connection later than the soak learns that the worker is gone. */
const LATE_MS = 1_000;
/** Clocks of two processes. */
const SKEW_MS = 50;

/** Which worker has which connection, as the workers themselves tell: what proves that a killed one took a connection along. */
export class Acceptances {
  /** The last one for each pair of ports: ports are used again. */
  readonly #byPorts = new Map<string, Acceptance>();
  readonly #kills: Kill[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get kills(): readonly Kill[] {
    return this.#kills;
  }

  add(acceptance: Acceptance): void {
    this.#count++;
    this.#byPorts.set(keyOf(acceptance), acceptance);
  }

  /** A worker is being killed; its `untilMs` is set when it is gone. */
  killing(thread: number, fromMs: number): Kill {
    const kill: Kill = { thread, fromMs, untilMs: Number.POSITIVE_INFINITY };
    this.#kills.push(kill);
    return kill;
  }

  /** The killed worker that explains a break; null when none does. To be asked when the workers' word has had time to come. */
  causeOf(broken: Broken): BreakCause {
    const isDuring = (kill: Kill): boolean => broken.brokenMs >= kill.fromMs && broken.brokenMs <= kill.untilMs + LATE_MS;
    const found = this.#byPorts.get(keyOf(broken));
    const isIts = found !== undefined && found.atMs >= broken.openedMs - SKEW_MS && found.atMs <= broken.brokenMs + SKEW_MS;
    if (isIts) return this.#kills.some((kill) => kill.thread === found.thread && isDuring(kill)) ? "killedWorker" : null;
    return this.#kills.some(isDuring) ? "queuedOnKilledWorker" : null;
  }
}

function keyOf({ entryPort, clientPort }: { readonly entryPort: number; readonly clientPort: number }): string {
  return `${entryPort} ${clientPort}`;
}
