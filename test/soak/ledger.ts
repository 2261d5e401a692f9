import type { BreakCause, Broken } from "./acceptances.ts";

/** Why a request was not answered. */
export type FailureCause =
  /** Its connection was a killed worker's. */
  | Exclude<BreakCause, null>
  /** It was under way to a server when that was killed. */
  | "killedServer"
  /** Its entry point was being closed, or closed. */
  | "closedEntryPoint"
  /** None of these: a defect. */
  | "unexplained";

export const FAILURE_CAUSES: readonly FailureCause[] = [
  "killedWorker",
  "queuedOnKilledWorker",
  "killedServer",
  "closedEntryPoint",
  "unexplained",
];

/** A request that got no answer, or one that says so itself (a status of 5xx). */
export interface FailedRequest {
  readonly kind: string;
  /** In words, for people. */
  readonly what: string;
  readonly sentMs: number;
  readonly endedMs: number;
  /** Its connection when that broke; null when it goes on, as after a 502. */
  readonly broken: Broken | null;
  /** Names of the servers that it may have been sent to. */
  readonly servers: readonly string[];
  /** Whether its entry point may have been closed meanwhile. */
  readonly mayBeClosed: boolean;
}

/** What became of the requests of one kind. */
export interface KindCount {
  readonly kind: string;
  readonly asked: number;
  readonly right: number;
  readonly wrong: number;
  readonly failed: Readonly<Record<FailureCause, number>>;
  /** Given up by the client itself. */
  readonly abandoned: number;
}

/** The most examples of wrong answers and of unexplained failures that are kept. */
const EXAMPLES_MAX = 20;

interface Row {
  asked: number;
  right: number;
  wrong: number;
  readonly failed: Record<FailureCause, number>;
  abandoned: number;
}

/**
 * What became of every request: each that is asked ends once, as right, wrong, failed or abandoned. A failure has a cause that is
 * proven, or counts as unexplained.
 */
export class Ledger {
  readonly #explain: (failed: FailedRequest) => FailureCause;
  readonly #rows = new Map<string, Row>();
  readonly #examples: string[] = [];
  #unsettled: FailedRequest[] = [];

  /** `explain`: the proven cause of a failure; asked when there has been time to learn of it. */
  constructor(explain: (failed: FailedRequest) => FailureCause) {
    this.#explain = explain;
  }

  asked(kind: string): void {
    this.#row(kind).asked++;
  }

  right(kind: string): void {
    this.#row(kind).right++;
  }

  /** An answer that is not the answer to this very request. */
  wrong(kind: string, what: string): void {
    this.#row(kind).wrong++;
    this.#example(`wrong: ${kind}: ${what}`);
  }

  failed(failed: FailedRequest): void {
    this.#unsettled.push(failed);
  }

  abandoned(kind: string): void {
    this.#row(kind).abandoned++;
  }

  /** Explains the failures that ended before `beforeMs`. */
  settle(beforeMs: number): void {
    const [due, later] = [[] as FailedRequest[], [] as FailedRequest[]];
    for (const failed of this.#unsettled) (failed.endedMs < beforeMs ? due : later).push(failed);
    this.#unsettled = later;
    for (const failed of due) {
      const cause = this.#explain(failed);
      this.#row(failed.kind).failed[cause]++;
      if (cause === "unexplained")
        this.#example(`unexplained: ${failed.kind}: ${failed.what} (${Math.round(failed.endedMs)} ms in)`);
    }
  }

  /** Requests by kind, in the order in which kinds first came. */
  counts(): readonly KindCount[] {
    return [...this.#rows].map(([kind, row]) => ({ kind, ...row, failed: { ...row.failed } }));
  }

  /** All kinds together. */
  total(): KindCount {
    const total: Row & { kind: string } = { kind: "all", ...emptyRow() };
    for (const row of this.#rows.values()) {
      for (const name of ["asked", "right", "wrong", "abandoned"] as const) total[name] += row[name];
      for (const cause of FAILURE_CAUSES) total.failed[cause] += row.failed[cause];
    }
    return total;
  }

  /** Requests that have not ended, or whose failure has yet to be explained. */
  get open(): number {
    const { asked, right, wrong, failed, abandoned } = this.total();
    return asked - right - wrong - abandoned - Object.values(failed).reduce((sum, count) => sum + count, 0);
  }

  get examples(): readonly string[] {
    return this.#examples;
  }

  #row(kind: string): Row {
    const row = this.#rows.get(kind) ?? emptyRow();
    this.#rows.set(kind, row);
    return row;
  }

  #example(text: string): void {
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(text);
  }
}

function emptyRow(): Row {
  const failed = Object.fromEntries(FAILURE_CAUSES.map((cause) => [cause, 0])) as Record<FailureCause, number>;
  return { asked: 0, right: 0, wrong: 0, failed, abandoned: 0 };
}
