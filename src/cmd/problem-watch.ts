import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { objectKey } from "../model/object-ref.ts";
import type { EventFormat, EventPrinter } from "./run-events.ts";

/** Problems are looked at again this long after the first word of a change. */
const LOOK_MS = 20;

/** Most lines for people in one go; programs get all. */
const TEXT_LINES_MAX = 50;

/** Tells of each problem once when it appears and once when it is solved. A problem whose line moved is the same one. */
export class ProblemWatch {
  readonly #read: () => readonly LocatedProblem[];
  readonly #print: EventPrinter;
  readonly #linesMax: number;
  readonly #clock: Clock;
  #told = new Map<string, LocatedProblem>();
  #due = false;
  #stopped = false;

  constructor(read: () => readonly LocatedProblem[], print: EventPrinter, format: EventFormat, clock: Clock = systemClock) {
    this.#read = read;
    this.#print = print;
    this.#linesMax = format === "text" ? TEXT_LINES_MAX : Number.POSITIVE_INFINITY;
    this.#clock = clock;
  }

  /** Problems may be different: looks soon, once for many calls. */
  note(): void {
    if (this.#due) return;
    this.#due = true;
    this.#clock.after(LOOK_MS, () => this.look());
  }

  /** Looks now. */
  look(): void {
    this.#due = false;
    if (this.#stopped) return;
    const now = new Map(this.#read().map((problem) => [keyOf(problem), problem]));
    const solved = [...this.#told].filter(([key]) => !now.has(key)).map(([, problem]) => problem);
    const appeared = [...now].filter(([key]) => !this.#told.has(key)).map(([, problem]) => problem);
    for (const problem of solved.slice(0, this.#linesMax)) this.#print({ event: "problemSolved", ...problem });
    for (const problem of appeared.slice(0, this.#linesMax)) this.#print({ event: "problem", ...problem });
    const leftOut = Math.max(0, solved.length - this.#linesMax) + Math.max(0, appeared.length - this.#linesMax);
    if (leftOut > 0) this.#print({ event: "problemsLeftOut", count: leftOut });
    this.#told = now;
  }

  stop(): void {
    this.#stopped = true;
  }
}

function keyOf({ code, object, file, field, message }: LocatedProblem): string {
  return JSON.stringify([code, objectKey(object), file, field, message]);
}
