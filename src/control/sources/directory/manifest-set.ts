import { readFileSync } from "node:fs";
import { TimeSlice } from "../../../kernel/time-slice.ts";
import type { ObjectRef } from "../../../model/object-ref.ts";
import { objectKey } from "../../../model/object-ref.ts";
import type { Problem } from "../../../model/problem.ts";
import { problem } from "../../../model/problem-codes.ts";
import type { CheckedObject, Intake } from "../../validate/intake.ts";
import type { Claim } from "./claims.ts";
import { Claims, claim } from "./claims.ts";
import { lineOfField } from "./line-finder.ts";
import type { FileReading } from "./manifest-file.ts";
import type { ManifestDocument, Piece } from "./parse-documents.ts";
import { splitDocuments } from "./parse-documents.ts";

/** A Problem, and the line of the file it is about. */
export interface LocatedProblem extends Problem {
  /** Path as the folder was named, for people and editors; "" when it is about no file. */
  readonly file: string;
  /** From 1; 0 when it is about no file. */
  readonly line: number;
}

/** Where something stands. */
export interface Location {
  readonly file: string;
  readonly line: number;
}

/** What is known of where objects come from. */
export interface Provenance {
  /** Number of objects. */
  readonly size: number;
  /** The objects, each with where it stands. In no particular order. */
  objects(): Iterable<Location & { readonly object: ObjectRef }>;
  /** Everything wrong that shows without compiling. In no particular order. */
  problems(): readonly LocatedProblem[];
  /** A Problem with the place of its object and field. */
  located(found: Problem): LocatedProblem;
}

/** The object of a Problem that concerns a file as a whole. */
export const NO_OBJECT: ObjectRef = { kind: "", namespace: "", name: "" };

/** How long objects that belong to one change may keep the thread while they go into the store together. */
const TOGETHER_MS = 20;

/**
 * What a set of files says, given to the intake object by object: of several documents about one object the first counts (by path,
 * then position), and when it goes the next takes its place. A file that is refused keeps what it said before.
 */
export class ManifestSet implements Provenance {
  readonly #intake: Intake;
  readonly #textOf: (file: string) => string;
  readonly #claims = new Claims();
  /** The document that was last given to the intake, by object. */
  readonly #given = new Map<string, Claim>();
  readonly #lines = new WeakMap<Claim, Map<string, number | undefined>>();
  #asked: { readonly file: string; readonly pieces: readonly Piece[] } | null = null;
  readonly #fileProblems = new Map<string, readonly LocatedProblem[]>();

  constructor(intake: Intake, textOf: (file: string) => string = (file) => readFileSync(file, "utf8")) {
    this.#intake = intake;
    this.#textOf = textOf;
  }

  /** Number of objects that at least one document describes. */
  get size(): number {
    return this.#given.size;
  }

  /** The objects that at least one document describes, each with the place of the document that counts. In no particular order. */
  *objects(): Iterable<Location & { readonly object: ObjectRef }> {
    for (const { file, line, object } of this.#given.values()) yield { file, line, object: object.ref };
  }

  /** Whether every object that a file described so far is among some documents. */
  losesNothing(file: string, documents: readonly ManifestDocument[]): boolean {
    const former = this.#claims.ofFile(file);
    if (former.length === 0) return true;
    const now = new Set(this.#interpret(file, documents).claims.map((each) => each.key));
    return former.every((each) => now.has(each.key));
  }

  /** Takes over what some files say now, all at once: what moved from one to another never goes away in between. */
  async take(readings: ReadonlyMap<string, FileReading>, slice: TimeSlice): Promise<void> {
    const touched = new Set<string>();
    for (const [file, reading] of readings) {
      for (const key of this.#takeFile(file, reading)) touched.add(key);
      if (slice.isOver) await slice.breathe();
    }
    await this.#give(touched, slice);
  }

  /** Everything wrong with the files and the objects in them, with file and line. In no particular order. */
  problems(): readonly LocatedProblem[] {
    return [
      ...[...this.#fileProblems.values()].flat(),
      ...[...this.#claims.losers()].map(({ loser, winner }) => duplicate(loser, winner)),
      ...[...this.#intake.problems()].map((each) => this.located(each)),
    ];
  }

  /** A Problem with the place of its object and field. */
  located(found: Problem): LocatedProblem {
    return { ...found, ...(this.locate(found.object, found.field) ?? { file: "", line: 0 }) };
  }

  /** Where a field of an object stands; the line of the object when the field cannot be found. Undefined when no file has the object. */
  locate(object: ObjectRef, field: string): Location | undefined {
    const given = this.#given.get(objectKey(object));
    if (given === undefined) return undefined;
    return { file: given.file, line: this.#lineOf(given, field) ?? given.line };
  }

  /**
   * Brings the intake up to date with the documents that count. Checking may take a while and others have their turn in between; then
   * all goes in as one, so that who reads the store sees none of a change or all of it (unless there is very much of it).
   */
  async #give(touched: Iterable<string>, slice: TimeSlice): Promise<void> {
    const coming: CheckedObject[] = [];
    const going: ObjectRef[] = [];
    for (const key of touched) {
      const winner = this.#claims.winner(key);
      const given = this.#given.get(key);
      if (winner === given) continue;
      if (winner !== undefined) {
        this.#given.set(key, winner);
        coming.push(this.#intake.check(winner.object));
      } else if (given !== undefined) {
        this.#given.delete(key);
        going.push(given.object.ref);
      }
      if (slice.isOver) await slice.breathe();
    }
    const long = new TimeSlice(TOGETHER_MS);
    for (const checked of coming) {
      this.#intake.put(checked);
      if (long.isOver) await long.breathe();
    }
    for (const ref of going) this.#intake.remove(ref);
  }

  /** The answer is kept as long as the document stays what it is: who tells problems asks again after every change. */
  #lineOf(claim: Claim, field: string): number | undefined {
    const known = this.#lines.get(claim) ?? new Map<string, number | undefined>();
    this.#lines.set(claim, known);
    if (!known.has(field)) known.set(field, this.#findLine(claim, field));
    return known.get(field);
  }

  #findLine({ file, place }: Claim, field: string): number | undefined {
    try {
      return lineOfField(this.#piecesOf(file), place, field);
    } catch {
      // The file went away, or changed into something else, since it was read: the line it had then is the best answer.
      return undefined;
    }
  }

  /** The pieces of a file, kept until this turn of the event loop is over: many questions are about one file. */
  #piecesOf(file: string): readonly Piece[] {
    if (this.#asked?.file !== file) {
      this.#asked = { file, pieces: splitDocuments(this.#textOf(file)) };
      setImmediate(() => {
        this.#asked = null;
      });
    }
    return this.#asked.pieces;
  }

  #takeFile(file: string, reading: FileReading): Iterable<string> {
    if (reading.state === "refused") {
      const { code, line, message } = reading;
      this.#fileProblems.set(file, [{ ...problem(code, NO_OBJECT, "", message), file, line }]);
      return [];
    }
    const { claims, problems } =
      reading.state === "gone" ? { claims: [], problems: [] } : this.#interpret(file, reading.documents);
    if (problems.length === 0) this.#fileProblems.delete(file);
    else this.#fileProblems.set(file, problems);
    return this.#claims.replace(file, claims);
  }

  #interpret(file: string, documents: readonly ManifestDocument[]): { claims: Claim[]; problems: LocatedProblem[] } {
    const claims: Claim[] = [];
    const problems: LocatedProblem[] = [];
    for (const { value, line, place } of documents) {
      const identified = this.#intake.identify(value);
      if (!identified.ok) {
        const { field, message, hint } = identified.error;
        problems.push({ ...problem("InvalidObject", NO_OBJECT, field, message, hint), file, line });
      } else if (identified.value !== null) {
        claims.push(claim(file, line, place, identified.value));
      }
    }
    return { claims, problems };
  }
}

function duplicate(loser: Claim, winner: Claim): LocatedProblem {
  const message = `Already described in ${winner.file}, line ${winner.line}, which counts.`;
  const { file, line, object } = loser;
  return { ...problem("DuplicateObject", object.ref, "", message, "Remove one of them."), file, line };
}
