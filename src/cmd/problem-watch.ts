import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import type { Clock } from "../kernel/clock.ts";
import { objectKey } from "../model/object-ref.ts";
import type { EventPrinter } from "./run-events.ts";

/** Problems are looked at again this long after the first word of a change. */
const LOOK_MS = 20;

/** Tells of each problem once when it appears and once when it is solved. A problem whose line moved is the same one. */
export class ProblemWatch {
  readonly #read: () => readonly LocatedProblem[];
  readonly #print: EventPrinter;
  readonly #clock: Clock;
  #told = new Map<string, LocatedProblem>();
  #due = false;
  #stopped = false;

  constructor(read: () => readonly LocatedProblem[], print: EventPrinter, clock: Clock) {
    this.#read = read;
    this.#print = print;
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
    for (const [key, problem] of this.#told) if (!now.has(key)) this.#print({ event: "problemSolved", ...problem });
    for (const [key, problem] of now) if (!this.#told.has(key)) this.#print({ event: "problem", ...problem });
    this.#told = now;
  }

  stop(): void {
    this.#stopped = true;
  }
}

function keyOf({ code, object, file, field, message }: LocatedProblem): string {
  return JSON.stringify([code, objectKey(object), file, field, message]);
}
